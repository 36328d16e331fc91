"""The built site -> where readers find it: a folder, a git branch, a host reached by rsync, or object storage."""
