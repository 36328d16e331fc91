"""Every word that Broadsheet itself says, in English and 简体中文: labels of the site, lines of the command line.

``labels(language)`` is what themes print; ``say(language, key, …)`` formats a line of the command line.
"""

from __future__ import annotations

from functools import lru_cache

LANGUAGES = ("en", "zh")

_LABELS: dict[str, tuple[str, str]] = {
    "skip": ("Skip to content", "跳到正文"),
    "front_page": ("Front page", "头版"),
    "sections": ("Sections", "版面"),
    "latest": ("Latest", "最新"),
    "archive": ("Archive", "往期"),
    "contents": ("Contents", "目录"),
    "about": ("About and sources", "关于与来源"),
    "search": ("Search", "搜索"),
    "search_field": ("Words to search for", "搜索词"),
    "search_no_script": (
        "The search runs in your browser and needs JavaScript. The archive lists every day without it.",
        "搜索在浏览器中进行，需要 JavaScript；不用脚本也可以按日期浏览往期。",
    ),
    "offline_title": ("No network", "没有网络"),
    "offline_text": (
        "This page is not in the edition kept on your device. The front page and the articles it leads to are.",
        "此页不在设备上保存的最近一期里；头版及其链接的文章可以离线阅读。",
    ),
    "search_hint": (
        "All words must be there; sections, sources and dates narrow the search.",
        "各词须全部出现；可按版面、来源和日期缩小范围。",
    ),
    "search_key": ("The key / leads to the field", "按 / 键跳到搜索框"),
    "search_all": ("All", "全部"),
    "search_from": ("From", "起始日期"),
    "search_to": ("To", "截止日期"),
    "search_busy": ("Searching …", "正在搜索……"),
    "search_none": ("Nothing found for “{query}”.", "没有找到“{query}”。"),
    "search_one": ("One article for “{query}”.", "“{query}”：1 篇文章。"),
    "search_many": ("{count} articles for “{query}”.", "“{query}”：{count} 篇文章。"),
    "search_more": ("Show more", "显示更多"),
    "search_failed": ("The search index cannot be loaded. Try again.", "无法加载搜索索引，请重试。"),
    "sources": ("Sources", "来源"),
    "topics": ("Topics", "话题"),
    "source": ("Source", "来源"),
    "section": ("Section", "版面"),
    "briefs": ("In brief", "简讯"),
    "also_one": ("1 other report", "另有 1 篇报道"),
    "also_many": ("%d other reports", "另有 %d 篇报道"),
    "reported_one": ("1 source reports this", "1 家来源报道"),
    "reported_by": ("%d sources report this", "%d 家来源报道"),
    "timeline": ("Who reported it, and when", "报道时间线"),
    "why": ("Why grouped", "归并理由"),
    "differs": ("Where the text differs from that of %s", "与%s的文本有何不同"),
    "differs_one": ("One more passage differs that is not shown here.", "另有一处不同未在此列出。"),
    "differs_more": ("%d more passages differ that are not shown here.", "另有 %d 处不同未在此列出。"),
    "only_in": ("Only in %s:", "仅见于%s："),
    "health_good": ("In order", "正常"),
    "health_silent": ("Not read since %s", "自%s起未能读取"),
    "health_ended": ("Has ended", "已停刊"),
    "health_new": ("Not read yet", "尚未读到"),
    "moved_title": ("This page has moved", "此页已移动"),
    "newest": ("The newest articles", "最新文章"),
    "twice": ("Published in %d places", "共在 %d 处发表"),
    "because_text": ("%d %% of the text is the same", "正文有 %d %% 相同"),
    "because_title": ("the same title within hours", "数小时内标题相同"),
    "because_event": ("the same names and numbers", "涉及相同的名称与数字"),
    "because_address": ("both lead to the same page", "指向同一页面"),
    "original": ("Read the original at %s", "在 %s 阅读原文"),
    "comments": ("Comments at the source", "来源处的评论"),
    "published": ("Published", "发布于"),
    "modified": ("Updated", "更新于"),
    "estimated": ("First seen", "首次看到"),
    "minutes": ("%d min read", "阅读约 %d 分钟"),
    "older": ("Older", "更早"),
    "newer": ("Newer", "更新"),
    "page_number": ("Page %d", "第 %d 页"),
    "feeds": ("Subscribe", "订阅"),
    "rights": ("Rights", "版权"),
    "rights_notice": (
        "The text belongs to its source and author; this page keeps a copy for readers.",
        "文章版权归来源与作者所有，本页为读者保存副本。",
    ),
    "excerpt_notice": ("This is an excerpt; the whole article is at the source.", "以下为摘要，全文见来源。"),
    "closed_notice": ("The source shows the rest to its subscribers only.", "其余内容，来源仅向订阅者开放。"),
    "link_notice": ("Only the headline is kept here; the article is at the source.", "此处仅收录标题，文章见来源。"),
    "sponsored": ("Advertisement", "广告"),
    "gone_title": ("This article was taken down", "此文已撤下"),
    "gone_text": ("It was removed on %s and will not come back.", "已于%s移除，不再收录。"),
    "missing_title": ("There is no page here", "此处没有页面"),
    "missing_text": (
        "Addresses of this newspaper never move, so this one was probably mistyped.",
        "本报的网址从不变动，这个网址多半是输错了。",
    ),
    "home": ("To the front page", "回到头版"),
    "theme": ("Dark or light", "深色或浅色"),
    "opml": ("All sources as OPML", "全部来源（OPML）"),
    "feed": ("Feed", "订阅源"),
    "website": ("Website", "网站"),
    "nothing_yet": ("Nothing has been published yet.", "尚无内容。"),
    "contact": ("Contact", "联系"),
    "made_with": ("Printed by Broadsheet", "由 Broadsheet 排印"),
    "about_text": (
        "This newspaper gathers what its sources publish, tells each event once, and links to every original.",
        "本报汇集各来源所发布的内容，每件事只讲一次，并链接到每一篇原文。",
    ),
    "takedown_text": (
        "If something of yours should not stand here, write to the contact and it will be removed for good.",
        "若有您的内容不应出现在此处，请通过联系方式告知，我们将永久移除。",
    ),
}

_LINES: dict[str, tuple[str, str]] = {
    "stage.poll": ("Asking feeds", "询问订阅源"),
    "stage.parse": ("Reading documents", "解析文档"),
    "stage.fetch": ("Fetching articles", "抓取文章"),
    "stage.extract": ("Cleaning text", "清理正文"),
    "stage.more": ("Fetching further pages", "抓取后续页"),
    "stage.media": ("Fetching pictures", "抓取图片"),
    "stage.relate": ("Finding stories", "归并报道"),
    "stage.build": ("Printing pages", "排印页面"),
    "init.done": (
        "A new newspaper lies in {folder}. Edit {config}, then: broadsheet run",
        "新报纸已建于 {folder}。请编辑 {config}，然后运行：broadsheet run",
    ),
    "init.exists": (
        "{path} exists already; nothing was written. Choose another folder or remove it first.",
        "{path} 已存在，未写入任何内容。请另选文件夹，或先移除它。",
    ),
    "no_newspaper": (
        "There is no broadsheet.toml in {folder} or above it. Make a newspaper with: broadsheet init",
        "在 {folder} 及其上级没有 broadsheet.toml。请先运行：broadsheet init",
    ),
    "no_file": ("{path} cannot be read ({why}).", "无法读取 {path}（{why}）。"),
    "scrape.head": ("title|date|link|text", "标题|日期|链接|正文"),
    "scrape.done": (
        "{count} entries. To subscribe, add to broadsheet.toml:",
        "{count} 个条目。如需订阅，请加入 broadsheet.toml：",
    ),
    "add.known": ("{url} is subscribed already.", "{url} 已在订阅之列。"),
    "add.found": (
        "{title}: {format}, {count} entries, newest {newest}. Added to {file}.",
        "{title}：{format}，{count} 条，最新 {newest}。已加入 {file}。",
    ),
    "add.choose": (
        "{url} offers several feeds; the first is taken. The others:",
        "{url} 提供多个订阅源，已取第一个。其余为：",
    ),
    "add.none": (
        "{url} is no feed ({what}), and none was found on it.",
        "{url} 不是订阅源（{what}），页面上也没有找到。",
    ),
    "export.done": (
        "{files} files in {folder}: {written} written, {removed} removed.",
        "{folder} 中共 {files} 个文件：写入 {written} 个，移除 {removed} 个。",
    ),
    "export.folder": (
        "Say where to: broadsheet export {format} DIRECTORY",
        "请指定目标文件夹：broadsheet export {format} 目录",
    ),
    "import.done": ("{new} feeds added, {known} known already.", "新增 {new} 个订阅源，{known} 个已存在。"),
    "summary.run": (
        "{feeds} feeds asked: {new} new articles, {changed} changed, {unchanged} feeds unchanged, {failed} failed.",
        "询问 {feeds} 个订阅源：新文章 {new} 篇，更新 {changed} 篇，未变 {unchanged} 个，失败 {failed} 个。",
    ),
    "summary.build": (
        "{pages} pages written, {removed} removed, in {output}.",
        "写入 {pages} 页，移除 {removed} 页，位于 {output}。",
    ),
    "summary.rate": (
        "{count} articles made of feeds and pages in {seconds:.1f} seconds: {rate:.0f} a second.",
        "{seconds:.1f} 秒内由订阅源与网页制成 {count} 篇文章：每秒 {rate:.0f} 篇。",
    ),
    "summary.seconds": ("{seconds:.1f} seconds. Report: {report}", "用时 {seconds:.1f} 秒。报告：{report}"),
    "summary.failed": ("Failed feeds:", "失败的订阅源："),
    "summary.not_due": ("{count} feeds were not due.", "{count} 个订阅源未到时间。"),
    "summary.items": (
        "{count} pages or pictures could not be had; the feed's own text stands in. First: {first}",
        "{count} 个页面或图片未能取得，以订阅源自带文字代替。第一个：{first}",
    ),
    "run.nothing": (
        "There are no subscriptions yet. Add one with: broadsheet add URL",
        "还没有订阅。请运行：broadsheet add URL",
    ),
    "run.all_failed": ("None of the feeds could be had.", "没有一个订阅源可以取得。"),
    "run.interrupted": (
        "Interrupted. What was taken in is kept; the next run goes on from here.",
        "已中断。已取得的内容均已保存，下次运行将从此处继续。",
    ),
    "serve.at": ("The newspaper is at {url}  (stop with Ctrl+C)", "报纸位于 {url}  （按 Ctrl+C 停止）"),
    "serve.rebuilt": ("Printed again: {pages} pages.", "已重新排印：{pages} 页。"),
    "serve.failed": ("Printing failed: {why}", "排印失败：{why}"),
    "serve.busy": ("Port {port} is taken. Choose another with --port.", "端口 {port} 已被占用，请用 --port 另选。"),
    "search.none": ("Nothing found for {query}.", "没有找到“{query}”。"),
    "status.empty": ("No feeds.", "没有订阅源。"),
    "status.zone": ("dates {hours} h, put right ({by})", "日期偏差 {hours} 小时，已更正（{by}）"),
    "zone.config": ("as configured", "按配置"),
    "zone.future": ("its items lay in the future", "条目日期在未来"),
    "zone.twins": ("its twins in other feeds are dated otherwise", "其他来源的同文日期不同"),
    "stage.zone": ("Putting dates right", "更正日期"),
    "status.never": ("never", "从未"),
    "status.head": (
        "feed|section|articles|a week|last success|next check|why then|saved by 304|failures and dates",
        "订阅源|版面|文章|每周|上次成功|下次询问|原因|304 节省|失败与日期",
    ),
    "status.since": ("{count} since {since}: {error}", "自 {since} 起 {count} 次：{error}"),
    "status.alarming": (
        "{count} feeds have failed for a week or longer; they stand first.",
        "{count} 个订阅源已失败一周以上，列于最前。",
    ),
    "status.now": ("at the next run", "下次运行时"),
    "status.articles": (
        "{live} articles published, {waiting} waiting, {gone} taken down.",
        "已发布 {live} 篇，等待 {waiting} 篇，已撤下 {gone} 篇。",
    ),
    "due.new": ("never asked yet", "尚未询问过"),
    "due.run": ("at the next run", "下次运行时"),
    "due.gone": (
        "gone for good (410 twice): not asked any more; 'broadsheet update --feed URL' asks again",
        "已永久消失（两次 410），不再询问；可用 broadsheet update --feed URL 再试",
    ),
    "due.failed": ("left alone for a time after failing", "失败后暂停一段时间"),
    "due.retry-after": ("the server asked to be left alone (Retry-After)", "服务器要求暂缓访问（Retry-After）"),
    "due.host": ("its host asked to be left alone (429)", "其主机要求暂缓访问（429）"),
    "due.wish": ("the source asks for so long a pause ({by})", "来源要求这样的间隔（{by}）"),
    "due.skip": (
        "the source does not want to be asked at this time (skipHours, skipDays)",
        "来源不希望在此时被询问（skipHours、skipDays）",
    ),
    "due.rhythm": ("it has been silent for ten times as long", "它沉寂的时间已十倍于此"),
    "due.shortest": ("min_interval asks for so long a pause", "由 min_interval 设定"),
    "takedown.done": (
        "{count} articles taken down. Build to remove them from the site: broadsheet build",
        "已撤下 {count} 篇。请运行 broadsheet build 以从网站移除。",
    ),
    "takedown.none": (
        "Nothing here comes from {target}; it will be refused from now on.",
        "此处没有来自 {target} 的内容；今后将拒收。",
    ),
    "ingest.progress": (
        "{file}: {pages:,} pages, {new:,} new articles, {rate:.0f} pages a second, {left} left",
        "{file}：{pages:,} 个网页，新文章 {new:,} 篇，每秒 {rate:.0f} 页，还需 {left}",
    ),
    "ingest.done": (
        "{new:,} new articles of {pages:,} pages in {seconds:.0f} s. Print them with: broadsheet build",
        "{pages:,} 个网页中有新文章 {new:,} 篇，用时 {seconds:.0f} 秒。用 broadsheet build 印出。",
    ),
    "store.missing": ("{name}: there is no store", "{name}：此处没有存储"),
    "store.head": ("table|rows|digest", "表|行数|摘要"),
    "store.copied": (
        "Everything is there, row by row and body by body. Set [store] url to {url}.",
        "逐行逐份核对无误。请把 [store] 的 url 设为 {url}。",
    ),
    "story.done": ("Done. Print it with: broadsheet build", "已完成。请运行 broadsheet build 以更新网站。"),
    "story.unknown": (
        "{name} names {count} articles, not one. 'broadsheet search' finds them; use an id or an address.",
        "{name} 对应 {count} 篇文章，而不是一篇。可用 broadsheet search 查找，请给出编号或网址。",
    ),
    "rules.nothing": ("Nothing was cut from it.", "未删去任何内容。"),
    "rules.none": ("There are no rules for {domain}.", "没有 {domain} 的规则。"),
    "rules.no_number": (
        "There is no cut under {number}; 'broadsheet rules show' lists {count}.",
        "没有编号 {number}；“broadsheet rules show”列出了 {count} 处。",
    ),
    "rules.no_domain": (
        "{domain} is no domain; name one such as news.example",
        "{domain} 不是域名，请写作 news.example",
    ),
    "rules.left": ("{file}: left out, there is no such rule here: {line}", "{file}：此处没有对应的规则，略去：{line}"),
    "rules.head": (
        "# What is taken from each site's pages, and what is not to be cut. See docs/guides/rules.md.",
        "# 各网站页面的取舍规则。说明见 docs/guides/rules.md。",
    ),
    "rules.done": (
        "{file} now says so of {domain}. The next run makes its articles anew.",
        "已写入 {file}（{domain}）。下次运行时重新整理其文章。",
    ),
    "deploy.done": (
        "{sent} files ({size} MB) sent to {target}, {removed} removed.",
        "已向 {target} 发送 {sent} 个文件（{size} MB），删除 {removed} 个。",
    ),
    "deploy.would": (
        "{sent} files ({size} MB) would be sent to {target}, {removed} removed.",
        "将向 {target} 发送 {sent} 个文件（{size} MB），删除 {removed} 个。",
    ),
    "deploy.nothing": ("Nothing has changed at {target}.", "{target} 无需更新。"),
    "deploy_near.files": (
        "{host} takes {limit} files; the site has {much}. Another host has to be found before it is full.",
        "{host} 最多容纳 {limit} 个文件，网站已有 {much} 个。请在满额之前另寻主机。",
    ),
    "deploy_near.bytes": (
        "{host} takes {limit} bytes; the site has {much}. Another host has to be found before it is full.",
        "{host} 最多容纳 {limit} 字节，网站已有 {much} 字节。请在满额之前另寻主机。",
    ),
    "deploy_near.file_bytes": (
        "{host} takes files of up to {limit} bytes; {path} has {much}.",
        "{host} 的单个文件上限为 {limit} 字节，{path} 已有 {much} 字节。",
    ),
    "check.done": (
        "{pages} pages, {links} internal links, {feeds} feeds checked: no fault.",
        "检查了 {pages} 页、{links} 个站内链接、{feeds} 个订阅源：无误。",
    ),
    "check.faults": ("{count} faults in {folder}:", "{folder} 中有 {count} 处错误："),
    "check.no_site": (
        "There is no site in {folder}. Build it with: broadsheet build",
        "{folder} 中没有网站。请运行：broadsheet build",
    ),
    "demo.begin": (
        "A demo newspaper in {folder}, from a small world of feeds at {url}",
        "演示报纸位于 {folder}，订阅源来自 {url} 上的一个小世界",
    ),
    "backup.done": (
        "{folder} is a copy of this newspaper: {files} files copied, {size}.",
        "{folder} 已是本报的副本：复制 {files} 个文件，{size}。",
    ),
    "backup.missing": (
        "{count} files of the store are missing and so not in the copy. First: {first}. Run 'broadsheet doctor'.",
        "存储缺少 {count} 个文件，副本中也没有。第一个：{first}。请运行 broadsheet doctor。",
    ),
    "doctor.from": (
        "--from names what --repair takes from; give both.",
        "--from 指定 --repair 的来源，两者须同时给出。",
    ),
    "doctor.whole": ("Nothing is damaged.", "没有损坏。"),
    "doctor.ok": ("ok", "正常"),
    "doctor.bad": ("fault", "故障"),
    "doctor.note": ("note", "注意"),
    "error": ("error", "错误"),
    "unexpected": (
        "unexpected {kind}: {message}. Run again with --debug for the whole trace.",
        "意外错误 {kind}：{message}。加上 --debug 可查看完整信息。",
    ),
}


@lru_cache(maxsize=4)
def labels(language: str) -> dict[str, str]:
    """Return the site's words by name in a language; unknown languages get English."""
    column = 1 if language == "zh" else 0
    return {name: texts[column] for name, texts in _LABELS.items()}


def say(language: str, key: str, /, **values: object) -> str:
    """Return a line of the command line with its values filled in."""
    return _LINES[key][1 if language == "zh" else 0].format(**values)
