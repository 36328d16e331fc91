"use strict";
// The site's search. Reads the index that site/search.py describes: the manifest, then one shard a term and run of articles,
// newest run first, then the blocks of the results that are shown. Text is only ever set as text.
(function () {
  const CJK = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3134f}\\u3040-\\u30ff\\u31f0-\\u31ff\\uff66-\\uff9f\\uac00-\\ud7af\\u1100-\\u11ff\\u3130-\\u318f";
  const RUN = new RegExp(`[${CJK}]+|(?:(?![${CJK}_])[\\p{L}\\p{N}])+`, "gu");
  const IS_CJK = new RegExp(`^[${CJK}]`, "u");
  const PAGE = 10, LONGEST = 30, NOBODY = 0xffff, DAY = 86400000, EPOCH = Date.UTC(2000, 0, 1);
  // BM25 (Robertson and Zaragoza, 2009) with k1 = 1.2, b = 0.5, over classes of count and of length.
  const COUNT = [1, 2.5, 5, 8], LENGTH = [0.3, 0.8, 1.6, 3];

  const form = document.getElementById("search");
  if (!form) return;
  const status = document.getElementById("status"), list = document.getElementById("results"), more = document.getElementById("more");
  const files = new Map();
  let manifest = null, fold = null, run = 0;

  function fetched(name, how, fresh) {
    if (!files.has(name)) {
      const asked = fetch(form.dataset.index + name, fresh ? { cache: "no-cache" } : {}).then(function (answer) {
        if (!answer.ok) throw new Error(name + ": " + answer.status);
        return answer[how]();
      });
      asked.catch(function () { files.delete(name); });
      files.set(name, asked);
    }
    return files.get(name);
  }

  const TABLE = new Uint32Array(256).map(function (_, n) {
    for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
  });
  function crc32(bytes) {
    let value = 0xffffffff;
    for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
    return (value ^ 0xffffffff) >>> 0;
  }

  function singular(word) {
    if (!/^[a-z]{3,}s$/.test(word)) return word;
    if (word.endsWith("ies")) return /[ea]ies$/.test(word) ? word : word.slice(0, -3) + "y";
    if (word.endsWith("es")) return /[aeo]es$/.test(word) ? word : word.slice(0, -1);
    return /[us]s$/.test(word) ? word : word.slice(0, -1);
  }

  // Returns the terms of each run of letters. In a run of Han, kana or Hangul they are pairs, which follow each other. One
  // such letter by itself is looked for in titles, where it may stand anywhere.
  function terms(text) {
    return text.normalize("NFKC").toLowerCase().split(/\s+/).flatMap(function (word) {
      return (word.match(RUN) || []).map(function (run, _, runs) {
        const letters = Array.from(run);
        if (IS_CJK.test(run) && letters.length === 1 && runs.length === 1) return ["^" + run];
        if (!IS_CJK.test(run) || letters.length === 1) return [singular(run)];
        return letters.slice(1).map(function (letter, i) { return letters[i] + letter; });
      });
    }).filter(function (run) { return run[0].length <= LONGEST; });
  }

  function numbers(bytes) {
    let place = 0;
    return {
      more: function (end) { return place < (end === undefined ? bytes.length : end); },
      byte: function () { return bytes[place++]; },
      place: function () { return place; },
      skip: function (end) { place = end; },
      next: function () {
        let value = 0, shift = 0, byte;
        do { byte = bytes[place++]; value += (byte & 127) * 2 ** shift; shift += 7; } while (byte > 127);
        return value;
      },
    };
  }

  async function folded(text) {
    if (!/[\u4e00-\u9fff]/.test(text)) return text;
    if (!fold) {
      const read = numbers(new Uint8Array(await fetched("fold.bin", "arrayBuffer")));
      fold = new Map();
      for (let one = 0; read.more();) {
        one += read.next();
        const apart = read.next();
        fold.set(String.fromCodePoint(one), String.fromCodePoint(one + (apart & 1 ? -(apart >> 1) : apart >> 1)));
      }
    }
    return Array.from(text).map(function (letter) { return fold.get(letter) || letter; }).join("");
  }

  const UTF8 = new TextEncoder();
  function isPair(term) { return term.length === 2 && IS_CJK.test(term) && Array.from(term).length === 2; }
  function keyOf(term) { return (crc32(UTF8.encode(term)) >>> 2 & ~1) | (isPair(term) ? 1 : 0); }

  // Returns what a shard holds of a key: by article, classes in four bits, and a bit for each place modulo 8.
  function postings(shard, wanted) {
    const read = numbers(shard), found = new Map();
    for (let key = 0; read.more();) {
      const head = read.next();
      key += Math.floor(head / 4);
      const size = head % 4 || read.next(), end = read.place() + size;
      if (key > wanted) break;
      if (key < wanted) { read.skip(end); continue; }
      for (let here = -1; read.more(end);) {
        const value = read.next();
        if (!value) { here = read.next() * 4096 - 1; continue; }
        here += Math.floor(value / 16);
        found.set(here, value & 15 | (key & 1 ? read.byte() : 255) << 4);
      }
    }
    return found;
  }

  // Returns [{number, rows}] of the articles of one of them that hold all terms; stops reading where none is left.
  async function inSpan(span, runs, counts) {
    let left = null;
    const rows = new Map();
    for (const run of runs) {
      let before = null;
      for (const term of run) {
        if (!rows.has(term)) {
          const key = keyOf(term), shard = Math.floor(key * span.shards / 2 ** 30);
          rows.set(term, postings(new Uint8Array(await fetched(`${span.folder}/${shard}.bin`, "arrayBuffer")), key));
          counts.set(term, (counts.get(term) || 0) + rows.get(term).size);
        }
        // Pairs that follow each other in the query must do so in the article.
        const here = new Map();
        for (const [number, row] of rows.get(term)) {
          const last = before ? before.get(number) || 0 : 255, slots = (row >> 4) & (last << 1 | last >> 7);
          if (slots) here.set(number, slots);
        }
        left = left === null ? Array.from(here.keys()) : left.filter(function (number) { return here.has(number); });
        if (!left.length) return [];
        before = isPair(term) ? here : null;
      }
    }
    const found = Array.from(rows.values());
    return left.map(function (here) { return { number: span.start + here, rows: found.map(function (row) { return row.get(here) & 15; }) }; });
  }

  async function narrowed(span, hits, choice) {
    if (!choice.section && !choice.source && !choice.from && !choice.to) return hits;
    const data = new DataView(await fetched(`${span.folder}/filters.bin`, "arrayBuffer"));
    return hits.filter(function (hit) {
      const at = (hit.number - span.start) * 4, place = data.getUint16(at), day = data.getUint16(at + 2);
      const names = place === NOBODY ? null : manifest.sources[place];
      return names && (!choice.section || names[0] === choice.section) && (!choice.source || names[1] === choice.source) &&
        (!choice.from || day >= choice.from) && (!choice.to || day <= choice.to);
    });
  }

  function ranked(hits, wanted, counts, total) {
    const weight = wanted.map(function (term) {
      const count = counts.get(term);
      return Math.log(1 + (total - count + 0.5) / (count + 0.5));
    });
    for (const hit of hits) {
      hit.score = hit.rows.reduce(function (sum, row, i) {
        const count = COUNT[row >> 2];
        return sum + weight[i] * count * 2.2 / (count + 1.2 * (0.5 + 0.5 * LENGTH[row & 3]));
      }, 0);
      hit.score *= 1 + 0.5 * 2 ** ((hit.number - total) / 2000); // what is new counts for more, by half at most
    }
    return hits.sort(function (a, b) { return b.score - a.score || b.number - a.number; });
  }

  function marked(node, text, parts) {
    const lower = text.toLowerCase();
    let place = 0;
    while (place < text.length) {
      let next = -1, size = 0;
      for (const part of parts) {
        const at = lower.indexOf(part, place);
        if (at >= 0 && (next < 0 || at < next)) { next = at; size = part.length; }
      }
      if (next < 0 || lower.length !== text.length) break;
      node.append(text.slice(place, next));
      const mark = document.createElement("mark");
      mark.textContent = text.slice(next, next + size);
      node.append(mark);
      place = next + size;
    }
    node.append(text.slice(place));
  }

  function shown(entry, parts) {
    const [title, href, place, day, language, excerpt] = entry;
    const item = document.createElement("li"), heading = document.createElement("h2"), link = document.createElement("a");
    link.href = /^(https?:)?\//i.test(href) ? href : "#";
    if (/^https?:/i.test(href)) link.rel = "noopener";
    link.lang = language || document.documentElement.lang;
    marked(link, title, parts);
    heading.append(link);
    const about = document.createElement("p"), time = document.createElement("time"), names = manifest.sources[place] || [];
    about.className = "byline";
    time.dateTime = time.textContent = day;
    about.append(names.slice(1).filter(Boolean).join(" · "), " · ", time);
    item.append(heading, about);
    if (excerpt) {
      const text = document.createElement("p");
      text.lang = link.lang;
      marked(text, excerpt, parts);
      item.append(text);
    }
    return item;
  }

  async function show(hits, from, parts, mine) {
    for (const hit of hits.slice(from, from + PAGE)) {
      const block = await fetched(`d/${Math.floor(hit.number / manifest.block)}.json`, "json", true);
      const entry = block[hit.number % manifest.block];
      if (mine !== run) return;
      if (entry) list.append(shown(entry, parts));
    }
    more.hidden = from + PAGE >= hits.length;
    more.onclick = async function () {
      const count = list.children.length;
      await show(hits, from + PAGE, parts, mine);
      const next = list.children[count];
      if (next) next.querySelector("a").focus();
    };
  }

  async function ready() {
    if (manifest) return;
    manifest = await fetched("index.json", "json", true);
    for (const [name, place] of [["section", 0], ["source", 1]]) {
      const known = Array.from(new Set(manifest.sources.map(function (names) { return names[place]; }))).filter(Boolean).sort();
      const field = form.elements[name], chosen = field.value;
      field.length = 1;
      for (const value of known) field.append(new Option(value, value));
      field.value = chosen;
    }
  }

  function day(value) { return value ? Math.round((Date.parse(value) - EPOCH) / DAY) : 0; }

  async function search(again) {
    const mine = ++run, query = form.elements.q.value.trim();
    list.replaceChildren();
    more.hidden = true;
    status.textContent = "";
    if (!query) return;
    status.textContent = form.dataset.busy;
    try {
      await ready();
      const runs = terms(await folded(query.normalize("NFKC"))), wanted = Array.from(new Set(runs.flat())), counts = new Map(), hits = [];
      const fields = form.elements;
      const choice = { section: fields.section.value, source: fields.source.value, from: day(fields.from.value), to: day(fields.to.value) };
      const spans = manifest.spans.filter(function (span) { return span.shards; });
      const found = await Promise.all(spans.slice().reverse().map(async function (span) {
        return wanted.length ? narrowed(span, await inSpan(span, runs, counts), choice) : [];
      }));
      if (mine !== run) return;
      for (const part of found) hits.push(...part);
      ranked(hits, wanted, counts, spans.length ? spans[spans.length - 1].end : 0);
      const said = hits.length === 0 ? form.dataset.none : hits.length === 1 ? form.dataset.one : form.dataset.many;
      status.textContent = said.split("{query}").join(query).split("{count}").join(String(hits.length));
      await show(hits, 0, query.toLowerCase().split(/\s+/), mine);
    } catch (error) {
      if (mine !== run) return;
      if (!again) { // the site may have been printed anew since the manifest was read
        manifest = null;
        files.clear();
        return search(true);
      }
      status.textContent = form.dataset.failed;
      console.error(error);
    }
  }

  form.hidden = false;
  const address = new URLSearchParams(location.search);
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    const kept = new URLSearchParams();
    for (const name of ["q", "section", "source", "from", "to"]) if (form.elements[name].value) kept.set(name, form.elements[name].value);
    history.replaceState(null, "", "?" + kept);
    search(false);
  });
  form.addEventListener("change", function (event) {
    if (event.target !== key && event.target.name !== "q" && form.elements.q.value) form.requestSubmit();
  });
  // A key by itself can be switched off (WCAG 2.1.4): who speaks to the browser, or misses keys, strikes it unawares.
  const key = document.getElementById("key") || new EventTarget();  // a theme of one's own may be without
  try { key.checked = localStorage.getItem("key") !== "off"; } catch { key.checked = true; }
  key.addEventListener("change", function () {
    try { localStorage.setItem("key", key.checked ? "on" : "off"); } catch { /* storage is off */ }
  });
  document.addEventListener("keydown", function (event) {
    if (key.checked && event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      form.elements.q.focus();
    }
  });
  ready().then(function () {
    for (const name of ["q", "section", "source", "from", "to"]) if (address.get(name)) form.elements[name].value = address.get(name);
    if (form.elements.q.value) search(false); else form.elements.q.focus();
  }).catch(function (error) { status.textContent = form.dataset.failed; console.error(error); });
})();
