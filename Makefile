# The same commands for a person and for CI. All set-up hangs on them alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench docs crash stages power publishes stops network faults fuzz soak permanence clean

demo: $(READY)
	$(BIN)/broadsheet demo demo

# Files in their order: those of few tests, which xdist would put last, take the longest.
test: $(READY)
	sh scripts/test-tools.sh
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python -m benchmarks

docs: $(READY)
	$(BIN)/python scripts/docs.py

# Kills runs at random points, and at all of them: make crash N=1000 SEED=7
N ?= 1000
SEED ?= 20260315
crash: $(READY)
	$(BIN)/python -m tests.e2e.crash --kills $(N) --seed $(SEED)

# Kills runs at 20 points of each stage, from its first to its last: make stages
stages: $(READY)
	$(BIN)/python -m tests.e2e.crash --each 20 --seed $(SEED)

# Cuts the power of runs, on an ext4 in a file: make power N=100 SEED=7 (as root)
power: $(READY)
	$(BIN)/python -m tests.e2e.power --cuts $(N) --seed $(SEED)

# Reads every page of a site while it is published: make publishes N=200
publishes: $(READY)
	$(BIN)/python -m tests.e2e.publishes --runs $(N)

# Ends runs at random moments, and starts 50 at once: make stops N=100 SEED=7
stops: $(READY)
	$(BIN)/python -m tests.e2e.stops --stops $(N) --seed $(SEED)

# Asks healthy feeds among hostile servers and among slow ones: make network
network: $(READY)
	$(BIN)/python -m tests.e2e.network

# Lets system calls of runs fail, and runs on small disks: make faults
faults: $(READY)
	$(BIN)/python -m tests.e2e.faults

# Tries parsers and writers on anything: make fuzz N=10000 SECONDS=60
SECONDS ?= 60
fuzz: $(READY)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,fuzz]'
	$(BIN)/python -m tests.fuzz --examples $(N) --seconds $(SECONDS)

# Runs a newspaper again and again over feeds that change: make soak RUNS=200 SEED=7
RUNS ?= 200
soak: $(READY)
	$(BIN)/python -m tests.e2e.soak --runs $(RUNS) --seed $(SEED)

# Lets a newspaper grow and change, and looks at its addresses: make permanence ARTICLES=100000 UPDATES=1000 CHANGES=100
ARTICLES ?= 100000
UPDATES ?= 1000
CHANGES ?= 100
permanence: $(READY)
	$(BIN)/python -m tests.e2e.permanence --articles $(ARTICLES) --updates $(UPDATES) --changes $(CHANGES)

# Made anew when the dependencies change. constraints.txt is the set that was tested.
$(READY): pyproject.toml constraints.txt scripts/environment.sh
	sh scripts/environment.sh "$(PYTHON)" "$(VENV)"
	touch $@

clean:
	rm -rf $(VENV) demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
