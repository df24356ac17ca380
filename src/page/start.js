/* start.js - the controls, the keys, and the first view. */

function chooser(label, id, options, act) {
    const select =
        make('select', { id }, ...options.map(([value, text]) => make('option', { value }, text)));
    select.addEventListener('change', () => act(select.value));
    return make('label', {}, label, select);
}

function makeControls() {
    const heads = Array.from({ length: page.heads }, (_, i) => [String(i), String(i)]);
    const special = make('input', { type: 'checkbox', id: 'special' });
    const nearer = make('button', { type: 'button', 'aria-label': 'Nearer' }, '+');
    const farther = make('button', { type: 'button', 'aria-label': 'Farther' }, '\u2212');
    special.addEventListener('change', () => changeView('special', special.checked));
    nearer.addEventListener('click', () => zoomBy(2));
    farther.addEventListener('click', () => zoomBy(0.5));
    const place = byId('attention-controls');
    place.append(
        chooser('Layer', 'layer', page.layers.map((number, i) => [String(i), String(number)]),
            (value) => chooseHead(Number(value), state.head)),
        chooser('Head', 'head', [['mean', 'mean of all'], ['max', 'highest of all'], ...heads],
            (value) => chooseHead(state.layer, blends[value] ? value : Number(value))),
        chooser('As', 'view', [['matrix', 'matrix'], ['lines', 'lines']],
            (value) => changeView('view', value)),
        chooser('Scale', 'scale',
            [
                ['root', 'square root'], ['linear', 'linear'], ['log', 'logarithmic'],
                ['row', 'each row by its highest']
            ],
            (value) => changeView('scale', value)),
        make('label', {}, special, 'special tokens'),
        make('span', { id: 'zoom' }, nearer, ' ', farther));
}

function syncControls() {
    for (const name of ['layer', 'head', 'view', 'scale'])
        byId(name).value = String(state[name]);
    byId('special').checked = state.special;
    byId('zoom').hidden = state.view !== 'matrix';
    byId('picture-frame').ariaLabel =
        currentView.title + (state.view === 'matrix' ? ' as a matrix' : ' as lines');
}

function zoomBy(factor) {
    state.zoom = Math.max(1, Math.min(tokenCount / 8, state.zoom * factor));
    state.middle = state.cell ?? state.middle ?? { from: state.token, to: state.token };
    drawView();
}

function pointAt(event) {
    const box = byId('drawing').getBoundingClientRect(), x = event.clientX - box.left,
          y = event.clientY - box.top;
    return state.view === 'matrix' ? matrixCellAt(x, y) : linesTokenAt(x, y);
}

/* The cell under the pointer is described below the matrix, a token of the lines beside the pointer. */
function pointed(event) {
    const at = currentView && pointAt(event);
    if (state.view === 'lines' && at) {
        showTokenTip(
            at.token, { left: event.clientX + 12, top: event.clientY, bottom: event.clientY + 12 });
    } else if (currentView) {
        hideTip();
        pointedCell(at);
    }
}

function pointedCell(at) {
    state.cell = at;
    if (state.view === 'matrix')
        markMatrix();
    describe();
}

function followPointer(frame) {
    frame.addEventListener('pointermove', pointed);
    frame.addEventListener('pointerleave', () => {
        hideTip();
        if (currentView)
            pointedCell(null);
    });
    frame.addEventListener('click', (event) => {
        const at = currentView && pointAt(event), token = at?.token ?? at?.from ?? -1,
              side = at?.side ?? 'from';
        chooseToken(token === state.token && side === state.side ? -1 : token, side);
    });
    frame.addEventListener(
        'scroll', () => currentView && state.view === 'lines' && showLines(currentView));
    frame.addEventListener('keydown', moveByKey);
}

function nextOf(id) {
    const select = byId(id);
    select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
    select.dispatchEvent(new Event('change'));
}

function nextTheme() {
    const dark = theme() === themes.dark;
    document.documentElement.dataset.theme = dark ? 'light' : 'dark';
    themeChanged();
}

function themeChanged() {
    showMethod();
    if (page.layers.length && currentView) {
        drawView();
        fillSheet();
    }
}

/* [key, what it does, act] */
const keyActions = [
    ['1 \u2026 9, 0', 'the method of this number'],
    ['n, p', 'the next, the previous method'],
    ['a', 'to attention, where arrows choose layer and head', () => byId('picture-frame').focus()],
    ['m', 'matrix or lines', () => nextOf('view')],
    [
        'h', 'mean, highest, or one head',
        () => chooseHead(state.layer, { mean: 'max', max: 0 }[state.head] ?? 'mean')
    ],
    ['s', 'with or without special tokens', () => changeView('special', !state.special)],
    ['c', 'another scale of colours', () => nextOf('scale')],
    ['+', 'nearer', () => zoomBy(2)],
    ['-', 'farther', () => zoomBy(0.5)],
    ['d', 'dark or light', nextTheme],
    [
        '?', 'these keys',
        () => {
            byId('keys').open = true;
            byId('keys').firstElementChild.focus();
        }
    ],
];
const withoutAttention = ['d', '?'];

function pressed(event) {
    if (!state.keys || event.ctrlKey || event.altKey || event.metaKey ||
        event.target.matches('select, input:not([type="radio"]), textarea'))
        return;
    const digit = event.key.length === 1 ? '1234567890'.indexOf(event.key) : -1;
    const step = { n: 1, p: -1 }[event.key] ?? 0, count = page.methods.length;
    const action = keyActions.find(([key, , act]) => act && key === event.key);
    if (digit >= 0)
        chooseMethod(digit);
    else if (step && count)
        chooseMethod((state.method + step + count) % count);
    else if (action && (currentView || withoutAttention.includes(event.key)))
        action[2]();
    else
        return;
    event.preventDefault();
}

function makeKeys() {
    const choice = make('input', { type: 'checkbox', checked: true });
    choice.addEventListener('change', () => {
        state.keys = choice.checked;
    });
    byId('keys').append(
        make('table', {},
            make('tbody', {},
                ...keyActions.map(([key, what]) => make('tr', {},
                                      make('th', { scope: 'row' }, make('kbd', {}, key)),
                                      make('td', {}, what))))),
        make('label', {}, choice, ' single keys do this'));
    document.addEventListener('keydown', pressed);
}

function makeAudit() {
    byId('audit').hidden = !page.audit;
    if (page.audit)
        byId('audit').append(make('pre', { tabIndex: 0 }, JSON.stringify(page.audit, null, 2)));
}

function redrawAtOtherWidths() {
    let width = byId('picture').clientWidth;
    const observer = new ResizeObserver(() => {
        if (byId('picture').clientWidth !== width && currentView)
            drawView();
        width = byId('picture').clientWidth;
    });
    observer.observe(byId('picture'));
}

function start() {
    readFragment();
    fillFigures(byId('figures'), page.figures);
    makeTexts();
    makeMethods();
    makeTables();
    makeActions();
    makeKeys();
    makeAudit();
    showMethod();
    byId('attention').hidden = !page.layers.length;
    darkWished.addEventListener('change', themeChanged);
    if (!page.layers.length)
        return;
    makeSheet();
    makeControls();
    followPointer(byId('picture-frame'));
    byId('token-table').addEventListener('toggle', showTokenTable);
    redrawAtOtherWidths();
    drawSheet();
    showAttention().then(fillSheet);
}

start();
