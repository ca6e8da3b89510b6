// The list: filters that live in the URL, rows that change in place, and actions on what is selected or on all that match.
import { clean, h, icon, jobName, jobUrl, keyed, put, setText, throttle, user } from './dom.js';
import { get, query } from './api.js';
import { count, counted, exact, percent, when } from './format.js';
import { apply, connection, follow, onConnection, onJobChanged } from './live.js';
import { STATUSES, WORDS, bar, setBar, shape, showStanding, standing } from './status.js';
import { choice, copy, empty, head, menuButton, problemBox, skeleton } from './ui.js';
import { BULK, bulk, cancel, jobMenu, retry } from './actions.js';
import { chips, fromUrl, inWords, minus, parse, plus, toAction } from './filters.js';
import { go, setTitle } from './router.js';

const SIZES = ['50', '100', '200'];
// Survives pages and filters of this tab, and never goes into a URL.
const selected = new Map();

export function mount(root, { search, signal, alive }) {
  let filter,
    order,
    cursor,
    size,
    turn = 0;
  const state = { jobs: [], total: 0, more: false, next: null, fresh: 0, all: false, failed: null };
  const read = (s) => {
    filter = fromUrl(s);
    order = s.get('order') === 'created_at' ? 'created_at' : null;
    cursor = s.get('cursor');
    size = SIZES.includes(s.get('limit')) ? s.get('limit') : '50';
  };
  read(search);

  const box = h('input', {
    id: 'search',
    type: 'search',
    placeholder: 'Search titles, or status:failed label:team=a after:7d',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-label': 'Search jobs',
    'aria-describedby': 'bad-tokens',
  });
  const chipList = h('div.chips', { 'aria-label': 'Filters' });
  const bad = h('p', { id: 'bad-tokens', class: 'bad small', role: 'alert' });
  const tabs = h('nav.tabs', { 'aria-label': 'Status' });
  const pill = h('button.pill', { hidden: true, onclick: () => load() });
  const body = h('tbody');
  const allBox = h('input', {
    type: 'checkbox',
    'aria-label': 'Select this page',
    onchange: () => togglePage(allBox.checked),
  });
  const list = h(
    'div.scroller',
    h(
      'table.jobs',
      { 'aria-label': 'Jobs' },
      h(
        'thead',
        h(
          'tr',
          [
            [h('label.tick', allBox), 'c-pick'],
            ['Status', 'c-status'],
            ['Job', 'c-title'],
            ['Progress', 'c-bar'],
            ['Shots', 'c-shots num'],
            ['Attempt', 'c-attempt num'],
            ['Age', 'c-age num'],
            [h('span.hidden', 'Actions'), 'c-menu'],
          ].map(([text, c]) => h('th', { scope: 'col', class: c }, text)),
        ),
      ),
      body,
    ),
  );
  const frame = h('div.list-frame');
  const pages = h('div.pages-row');
  const tray = h('div.tray', { role: 'region', 'aria-label': 'Selection', hidden: true });
  const filterButton = h(
    'button.button.filters-button',
    {
      'aria-expanded': 'false',
      onclick: () => {
        const open = sheet.classList.toggle('open');
        filterButton.setAttribute('aria-expanded', String(open));
        if (open) sheet.querySelector('select').focus();
      },
    },
    icon('filter', 18),
    'Filters',
  );
  const sheet = filterSheet();
  put(
    root,
    head('Jobs'),
    h(
      'form.searchbar',
      {
        role: 'search',
        onsubmit: (e) => {
          e.preventDefault();
          take(true);
        },
      },
      h('span.search-icon', icon('search', 18)),
      box,
      filterButton,
    ),
    sheet,
    bad,
    chipList,
    tabs,
    h('div.pill-slot', pill),
    frame,
    pages,
    tray,
  );

  const url = (changes = {}) =>
    `/jobs${query({ ...filter, order, limit: size === '50' ? null : size, cursor, ...changes })}`;
  const withFilter = (next, replace) => {
    filter = next;
    go(`/jobs${query({ ...next, order, limit: size === '50' ? null : size })}`, { replace });
  };

  // Search.

  function take(whole) {
    const { found, bad: wrong, words } = parse(box.value);
    put(
      bad,
      wrong.map(([token, why]) => h('span', h('code', clean(token)), `: ${why}. `)),
    );
    box.setAttribute('aria-invalid', String(wrong.length > 0));
    let next = filter;
    if (whole) for (const [name, value] of found) next = plus(next, name, value);
    next = { ...next };
    if (words) next.q = words;
    else delete next.q;
    if (whole && found.length)
      box.value = [words, ...wrong.map(([token]) => token)].filter(Boolean).join(' ');
    if (JSON.stringify(next) !== JSON.stringify(filter)) withFilter(next, !whole);
  }
  const typed = throttle(() => take(/\s$/.test(box.value)), 300);
  box.addEventListener('input', typed);

  function filterSheet() {
    const field = (label, input) => h('label.field', h('span', label), input);
    const set = (name) => (e) => {
      const v = e.target.value.trim();
      const { found, bad: wrong } = parse(
        v ? `${name}:${/\s/.test(v) ? JSON.stringify(v) : v}` : '',
      );
      put(
        bad,
        wrong.map(([t, why]) => h('span', h('code', clean(t)), `: ${why}. `)),
      );
      for (const [key, value] of found) withFilter(plus(filter, key, value), false);
      if (found.length) e.target.value = '';
    };
    const text = (name, placeholder) =>
      h('input', { type: 'text', placeholder, onchange: set(name) });
    return h(
      'div',
      { class: 'sheet' },
      field(
        'Status',
        h(
          'select',
          {
            onchange: (e) => {
              const next = { ...filter };
              delete next.status;
              if (e.target.value) next.status = e.target.value;
              withFilter(next, false);
            },
          },
          h('option', { value: '' }, 'Any'),
          STATUSES.map((st) => h('option', { value: st }, WORDS[st])),
        ),
      ),
      field('Type', text('type', 'idea2video')),
      field('Label', text('label', 'team=a')),
      field('Series id', text('series', '')),
      field('Created after', text('after', '7d or 2026-01-31')),
      field('Created before', text('before', 'today')),
      field(
        'Order',
        h(
          'select',
          {
            onchange: (e) => {
              order = e.target.value || null;
              go(url({ order, cursor: null }), {});
            },
          },
          h('option', { value: '' }, 'Newest first'),
          h('option', { value: 'created_at' }, 'Oldest first'),
        ),
      ),
      h('button.button.primary.only-phone', { onclick: () => filterButton.click() }, 'Show jobs'),
    );
  }

  function showFilter() {
    if (document.activeElement !== box) box.value = filter.q ?? '';
    const [status, sorting] = sheet.querySelectorAll('select');
    status.value = filter.status ?? '';
    sorting.value = order ?? '';
    const all = chips(filter);
    put(
      chipList,
      all.map((chip) =>
        h(
          'span.filter',
          user(chip.text),
          h(
            'button',
            {
              'aria-label': `Remove ${clean(chip.text)}`,
              onclick: () => withFilter(minus(filter, chip.name, chip.value), false),
            },
            icon('cancel', 14),
          ),
        ),
      ),
      (all.length > 0 || filter.q || order) &&
        h(
          'button.button.quiet.small',
          {
            onclick: () => {
              box.value = '';
              order = null;
              withFilter({}, false);
            },
          },
          'Clear',
        ),
    );
    chipList.hidden = !chipList.children.length;
  }

  function showTabs(counts) {
    const now = filter.status ?? '';
    const rest = { ...filter };
    delete rest.status;
    const tab = (status, word, n) =>
      h(
        'a',
        {
          href: `/jobs${query({ ...rest, status, order, limit: size === '50' ? null : size })}`,
          class: `i-${status || 'all'}`,
          'aria-current': now === status ? 'true' : null,
        },
        status && shape(status, 14),
        word,
        h('b', { title: n >= 100000 ? exact(n) : null }, n === undefined ? '' : count(n)),
      );
    put(
      tabs,
      tab('', 'All', counts?.total),
      STATUSES.map((status) => tab(status, WORDS[status], counts?.[status])),
    );
    const here = tabs.querySelector('[aria-current]');
    if (here)
      tabs.scrollLeft =
        here.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - here.offsetWidth) / 2;
  }

  async function loadCounts() {
    const rest = { ...filter };
    delete rest.status;
    // Nothing but looking at every job would tell how many there are.
    const counts = filter.q ? undefined : await get(`/jobs/counts${query(rest)}`, { signal });
    if (alive()) {
      state.counts = counts;
      showTabs(counts);
    }
  }

  // Rows.

  const listUrl = (extra) =>
    `/jobs${query({ ...filter, order, cursor, limit: size, view: 'summary', ...extra })}`;

  const totalOf = ({ pagination: { total, total_exact } }) => ({ total, more: !total_exact });

  async function load() {
    const mine = ++turn;
    const timer = setTimeout(() => {
      if (mine === turn && !state.jobs.length) put(frame, skeleton(8));
    }, 200);
    pill.hidden = true;
    try {
      let page = await get(listUrl(), { signal });
      while (mine === turn && alive() && !page.jobs.length && page.pagination.next_cursor) {
        put(
          frame,
          empty('Looking further', 'Nothing is found in the jobs that were looked at so far.'),
        );
        put(pages);
        page = await get(listUrl({ cursor: page.pagination.next_cursor }), { signal });
      }
      if (mine !== turn || !alive()) return;
      Object.assign(
        state,
        { jobs: page.jobs, next: page.pagination.next_cursor, fresh: 0 },
        totalOf(page),
      );
      paint();
    } catch (error) {
      if (error.name === 'AbortError' || mine !== turn) return;
      if (error.errors?.length && error.status === 400)
        put(
          bad,
          error.errors.map((e) => h('span', user(e.detail), ' ')),
        );
      put(frame, problemBox(error, load));
      put(pages);
    } finally {
      clearTimeout(timer);
    }
  }

  function paint() {
    showFilter();
    setTitle(WORDS[filter.status] ? `${WORDS[filter.status]} jobs` : 'Jobs');
    if (!state.jobs.length) {
      const filtered = chips(filter).length > 0 || filter.q;
      put(
        frame,
        filtered || cursor
          ? empty(
              'No job matches',
              `Nothing is under ${cursor && !filtered ? 'this page any more' : inWords(filter)}.`,
              h(
                'button.button',
                {
                  onclick: () => {
                    box.value = '';
                    withFilter({}, false);
                  },
                },
                'Clear the filter',
              ),
            )
          : empty(
              'No jobs yet',
              'Start a video here, or send one to the API.',
              h('a.button.primary', { href: '/new' }, 'New job'),
              h('a.button', { href: '/docs' }, 'API docs'),
            ),
      );
      put(pages);
    } else {
      if (!list.isConnected) put(frame, list);
      keyed(body, state.jobs, (job) => job.job_id, row, updateRow);
      showPages();
    }
    showSelection();
  }

  function row(job) {
    const id = job.job_id;
    const pick = h('input', { type: 'checkbox', 'aria-label': `Select ${jobName(job)}` });
    const status = h('span'),
      progress = bar(`Progress of ${jobName(job)}`),
      value = h('span.small.value');
    const title = h('a.title', { href: jobUrl(id) }, user(job.project_title, id));
    const under = h('span.under.small'),
      shots = h('span'),
      attempt = h('span');
    const cell = (cls, ...content) => h('td', { class: cls }, content);
    const el = h(
      'tr',
      { data: { id } },
      cell('c-pick', h('label.tick', pick)),
      cell('c-status', status),
      cell('c-title', title, under),
      cell('c-bar', h('div.bar-line', progress, value)),
      cell('c-shots num', shots),
      cell('c-attempt num', attempt),
      cell('c-age num', when(job.created_at)),
      cell(
        'c-menu',
        menuButton(`Actions of ${jobName(job)}`, () => jobMenu(find(id) ?? job)),
      ),
    );
    pick.addEventListener('click', (event) => toggle(id, pick.checked, event.shiftKey));
    return Object.assign(el, { pick, status, progress, value, under, shots, attempt });
  }

  function updateRow(el, job) {
    showStanding(el.status, job);
    const stage =
      job.status === 'failed' && job.error
        ? job.error.split('\n')[0]
        : job.status === 'processing' || job.status === 'queued'
          ? job.current_stage
          : null;
    const key = `${job.job_type}|${stage}|${job.status}`;
    if (el.dataset.under !== key) {
      el.dataset.under = key;
      put(
        el.under,
        h('span.id', job.project_title ? job.job_id : ''),
        h('span', job.job_type),
        stage && h('span', { class: job.status === 'failed' ? 'why' : 'stage' }, user(stage)),
      );
    }
    setBar(el.progress, job.progress, standing(job)[0]);
    setText(el.value, percent(job.progress));
    setText(el.shots, job.total_shots ? `${job.completed_shots}/${job.total_shots}` : '–');
    setText(el.attempt, job.attempt ? `${job.attempt}/${job.max_attempts}` : '–');
    el.pick.checked = state.all || selected.has(job.job_id);
    el.dataset.status = job.status;
    el.classList.toggle('picked', el.pick.checked);
    el.classList.toggle(
      'out',
      Boolean(job.gone) || (filter.status !== undefined && filter.status !== job.status),
    );
  }

  const find = (id) => state.jobs.find((job) => job.job_id === id);

  function showPages() {
    const stack = history.state?.stack ?? [];
    const older = () => {
      if (state.next)
        go(url({ cursor: state.next }), { state: { stack: [...stack, cursor ?? ''] } });
    };
    const newer = () => {
      if (cursor)
        go(url({ cursor: stack.at(-1) || null }), { state: { stack: stack.slice(0, -1) } });
    };
    Object.assign(state, { older, newer });
    put(
      pages,
      h(
        'span.small',
        state.more && 'At least ',
        counted(state.total),
        state.total === 1 ? ' job' : ' jobs',
        ' match',
      ),
      h(
        'span.row',
        choice(
          'Rows of a page',
          SIZES.map((n) => [n, n]),
          size,
          (n) => go(`/jobs${query({ ...filter, order, limit: n === '50' ? null : n })}`, {}),
        ),
        h(
          'button.button',
          { disabled: !cursor, onclick: newer },
          icon('back', 16),
          order ? 'Older' : 'Newer',
        ),
        h(
          'button.button',
          { disabled: !state.next, onclick: older },
          order ? 'Newer' : 'Older',
          icon('next', 16),
        ),
      ),
    );
  }

  // Selection.

  let last = null;
  function toggle(id, on, range) {
    const ids = state.jobs.map((job) => job.job_id);
    const [a, b] = [ids.indexOf(last), ids.indexOf(id)];
    for (const one of range && a >= 0 ? ids.slice(Math.min(a, b), Math.max(a, b) + 1) : [id])
      if (on) selected.set(one, true);
      else selected.delete(one);
    last = id;
    if (!on && state.all) {
      state.all = false;
      for (const other of ids) if (other !== id) selected.set(other, true);
    }
    repaint();
  }

  function togglePage(on) {
    state.all = false;
    for (const { job_id } of state.jobs)
      if (on) selected.set(job_id, true);
      else selected.delete(job_id);
    repaint();
  }

  const clear = () => {
    selected.clear();
    state.all = false;
    repaint();
  };
  const repaint = () => {
    for (const job of state.jobs) {
      const el = body.kept?.get(job.job_id);
      if (el) updateRow(el, job);
    }
    showSelection();
  };

  function showSelection() {
    const onPage = state.jobs.filter((job) => selected.has(job.job_id)).length;
    const full = state.jobs.length > 0 && (state.all || onPage === state.jobs.length);
    allBox.checked = full;
    allBox.indeterminate = !full && onPage > 0;
    const n = state.all ? state.total : selected.size;
    const others = full && (state.more || state.total > state.jobs.length);
    const key = `${n}|${state.all}|${state.more}|${others}|${inWords(filter)}`;
    if (tray.dataset.key === key) return;
    tray.dataset.key = key;
    tray.hidden = n === 0;
    document.body.toggleAttribute('data-tray', n > 0);
    put(
      tray,
      h(
        'div.tray-text',
        h(
          'b',
          { 'aria-live': 'polite' },
          state.all ? `All ${state.more ? '' : `${exact(n)} `}that match` : `${exact(n)} selected`,
        ),
        !state.all &&
          others &&
          h(
            'button.link',
            {
              onclick: () => {
                state.all = true;
                repaint();
              },
            },
            `Select all ${state.more ? '' : `${exact(state.total)} `}that match`,
          ),
        h('button.link', { onclick: clear }, 'Clear'),
      ),
      h(
        'div.row',
        BULK.map(([action, label, name]) =>
          h(
            'button',
            {
              class: `button act ${action === 'delete' ? 'danger-quiet' : ''}`,
              type: 'button',
              onclick: () => run(action),
            },
            icon(name, 18),
            h('span', label),
          ),
        ),
        !state.all &&
          h(
            'button.button.quiet.icon.only-wide',
            {
              title: 'Copy the ids',
              'aria-label': 'Copy the ids',
              onclick: () => copy([...selected.keys()].join('\n'), 'Ids copied'),
            },
            icon('copy', 18),
          ),
      ),
    );
  }

  async function run(action) {
    const byFilter = state.all;
    const failures = byFilter
      ? await bulk(action, toAction(filter), inWords(filter), true)
      : await bulk(
          action,
          { job_ids: [...selected.keys()] },
          `${exact(selected.size)} selected`,
          false,
        );
    if (!failures) return;
    // What failed stays selected, to be looked at.
    selected.clear();
    for (const id of failures) selected.set(id, true);
    state.all = false;
    refreshRows();
    repaint();
  }

  // Live.

  /** The rows that are shown, as they are now; none comes or goes. Those that have come wait behind the pill. */
  async function refreshRows() {
    const mine = turn;
    const page = await get(listUrl(), { signal });
    if (mine !== turn || !alive()) return;
    const known = new Map(state.jobs.map((job) => [job.job_id, job]));
    let fresh = 0;
    for (const job of page.jobs) {
      const old = known.get(job.job_id);
      if (!old) fresh += 1;
      else if (job.version > old.version) Object.assign(old, job);
    }
    Object.assign(state, totalOf(page));
    if (!state.jobs.length && page.jobs.length) {
      await load();
      return;
    }
    pill.hidden = fresh === 0;
    setText(pill, `▲ ${fresh}${fresh >= Number(size) ? '+' : ''} new`);
    repaint();
    showPages();
  }

  const soonRows = throttle(() => refreshRows().catch(() => {}), 1500);
  const soonCounts = throttle(() => loadCounts().catch(() => {}), 1000);

  function changes(events) {
    let news = false,
      moved = false;
    for (const event of events) {
      const job = find(event.job_id);
      const was = job?.status;
      if (job && event.kind === 'deleted') job.gone = true;
      if (job && apply(job, event)) updateRow(body.kept.get(job.job_id), job);
      if (
        !job &&
        !['progressed', 'items_reported', 'shots_updated', 'shot_described'].includes(event.kind)
      )
        news = true;
      if (!job || was !== event.status || event.kind === 'deleted') moved = true;
    }
    if (news) soonRows();
    if (moved) soonCounts();
  }

  let atRow = -1;
  root.addEventListener(
    'pagekey',
    ({ detail: { key, target, stop } }) => {
      const rows = [...body.children];
      const inRow = target.closest?.('tr[data-id]');
      if (inRow) atRow = rows.indexOf(inRow);
      const job = state.jobs[atRow];
      if (key === 'j' || key === 'k') {
        atRow = Math.max(0, Math.min(rows.length - 1, atRow + (key === 'j' ? 1 : -1)));
        rows[atRow]?.querySelector('.title').focus();
      } else if (key === '[') state.newer?.();
      else if (key === ']') state.older?.();
      else if (key === 'Escape' && (selected.size || state.all)) clear();
      else if (job && key === 'x') {
        stop();
        toggle(job.job_id, !selected.has(job.job_id));
      } else if (job && key === 'r') retry(job);
      else if (job && key === 'c') cancel(job);
    },
    { signal },
  );

  const stream = follow('/events/stream', {
    changes,
    reset: () => {
      soonRows();
      soonCounts();
    },
    poll: () => Promise.all([refreshRows(), loadCounts()]),
  });
  let wasPaused = connection.paused;
  const now = (c) => {
    if (wasPaused && !c.paused) {
      soonRows();
      soonCounts();
    }
    wasPaused = c.paused;
  };
  const unwatched = onConnection(now);
  const unheard = onJobChanged((job) => {
    const shown = find(job.job_id);
    if (!shown) return;
    if (job.kind === 'deleted') {
      shown.gone = true;
      selected.delete(job.job_id);
    } else apply(shown, job);
    const el = body.kept?.get(job.job_id);
    if (el) updateRow(el, shown);
    soonCounts();
  });

  const remember = () => {
    try {
      sessionStorage.setItem('callsheet.list', location.pathname + location.search);
    } catch {
      /* then the way back leads to the whole list */
    }
  };
  function begin() {
    remember();
    showFilter();
    showTabs(state.counts);
    load();
    loadCounts().catch(() => {});
  }
  begin();
  return {
    update(next) {
      read(next);
      state.all = false;
      state.jobs = [];
      last = null;
      atRow = -1;
      begin();
    },
    close() {
      stream.close();
      unheard();
      unwatched();
      typed.cancel();
      soonRows.cancel();
      soonCounts.cancel();
      document.body.removeAttribute('data-tray');
    },
  };
}
