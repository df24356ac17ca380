/* numbers.js - every number as a table: of the chosen method, of all methods, and how far to trust them. */

const rowsAtFirst = 200;
let orderBySize = false;

function fillFigures(place, figures) {
    place.replaceChildren(...figures.map((figure) => make('div', {}, make('dt', {}, figure.name),
                                             make('dd', {}, shown(figure.value)))));
}

function makeMethods() {
    const place = byId('methods');
    place.hidden = !page.methods.length;
    page.methods.forEach((method, i) => {
        const input = make('input',
            { type: 'radio', name: 'method', value: String(i), checked: i === state.method });
        input.addEventListener('change', () => chooseMethod(i));
        place.append(make('label', {}, input,
            i < 10 ? make('kbd', { 'aria-hidden': 'true' }, String((i + 1) % 10)) : '',
            make('span', {}, method.name)));
    });
    for (const id of ['numbers', 'compared'])
        byId(id).addEventListener('toggle', showNumbers);
}

function chooseMethod(i) {
    if (!page.methods[i])
        return;
    state.method = i;
    document.querySelectorAll('#methods input')[i].checked = true;
    showMethod();
    announce(page.methods[i].name);
    writeFragment();
}

function showMethod() {
    const method = page.methods[state.method];
    byId('method-note').textContent = method?.note ?? '';
    fillFigures(byId('method-figures'), method?.figures ?? []);
    colourUnits();
    showNumbers();
}

function cell(value, spread) {
    return make(
        'td', { className: 'number' }, shown(value) + (spread ? ' \u00b1 ' + shown(spread) : ''));
}

function drawBar(canvas, value, scale) {
    const pen = resized(canvas, 192, 16), half = 96,
          length = scale ? half * (value ?? 0) / scale : 0;
    pen.box(Math.min(half, half + length), 2, Math.abs(length), 12,
        css(signedColour(Math.sign(length))));
    pen.box(half, 0, 1, 16, theme().faint);
}

/* Order in which the rows of the table are. */
function unitOrder(method) {
    const order = page.units.map((_, i) => i);
    return orderBySize ?
        order.sort(
            (a, b) => Math.abs(method.units[b] ?? 0) - Math.abs(method.units[a] ?? 0) || a - b) :
        order;
}

function unitRow(method, scale, i) {
    const canvas = make('canvas', { 'aria-hidden': 'true' });
    drawBar(canvas, method.units[i], scale);
    return make('tr', {}, make('td', { className: 'number' }, String(i)),
        make('th', { scope: 'row' }, make('bdi', {}, visible(unitTexts[i]))),
        cell(method.units[i], method.spread?.[i]), make('td', { className: 'bar' }, canvas),
        make('td', {},
            ...unitTokens[i].flatMap(
                (token) => [make('bdi', {}, visible(page.tokens[token].name)), ' '])));
}

function heading(text, properties = {}) {
    return make('th', { scope: 'col', ...properties }, text);
}

function orderHeading(text, bySize) {
    const button = make('button', { type: 'button' }, text);
    button.addEventListener('click', () => {
        orderBySize = bySize;
        showNumbers();
    });
    return heading(button, {
        className: 'number',
        'aria-sort': orderBySize !== bySize ? 'none' :
            bySize                          ? 'descending' :
                                              'ascending'
    });
}

/* Puts a table below the summary of a <details>: its first rows, and all of them when asked. */
function fillDetails(details, head, rows, makeRow) {
    const body = make('tbody', {}, ...rows.slice(0, rowsAtFirst).map(makeRow));
    const parts = [make('div', { className: 'scroll', tabIndex: 0 },
        make('table', {}, make('thead', {}, make('tr', {}, ...head)), body))];
    if (rows.length > rowsAtFirst) {
        const button = make('button', { type: 'button' }, 'Show all ' + rows.length + ' rows');
        button.addEventListener('click', () => {
            body.append(...rows.slice(rowsAtFirst).map(makeRow));
            button.remove();
        });
        parts.push(make('p', {}, button));
    }
    details.replaceChildren(details.firstElementChild, ...parts);
}

function showNumbers() {
    const method = page.methods[state.method], numbers = byId('numbers'),
          compared = byId('compared');
    numbers.hidden = !method?.units;
    compared.hidden = page.methods.length < 2;
    if (numbers.open && method?.units) {
        const scale = attributionScale(method);
        fillDetails(numbers,
            [
                orderHeading('Place', false), heading('Unit'), orderHeading('Value', true),
                heading(''), heading('Tokens')
            ],
            unitOrder(method), (i) => unitRow(method, scale, i));
    }
    if (compared.open && !compared.hidden)
        showCompared(compared);
}

function showCompared(details) {
    const scales = page.methods.map(attributionScale);
    fillDetails(details,
        [
            heading('Unit'),
            ...page.methods.map((method) => heading(method.name, { className: 'number' }))
        ],
        page.units.map((_, i) => i),
        (i) => make('tr', {}, make('th', { scope: 'row' }, make('bdi', {}, visible(unitTexts[i]))),
            ...page.methods.map((method, k) => {
                const out = cell(method.units?.[i]),
                      colour = signedColour(scales[k] ? (method.units?.[i] ?? 0) / scales[k] : 0);
                out.style.backgroundColor = css(colour);
                out.style.color = inkOn(colour);
                return out;
            })));
}

function makeTables() {
    const place = byId('tables');
    place.hidden = !page.tables.length;
    for (const table of page.tables) {
        const columns = table.columns.length;
        place.append(make('h3', {}, table.title));
        if (table.note)
            place.append(make('p', { className: 'note' }, table.note));
        place.append(make('div', { className: 'scroll', tabIndex: 0 },
            make('table', {},
                make('thead', {},
                    make('tr', {}, heading(''),
                        ...table.columns.map((name) => heading(name, { className: 'number' })))),
                make('tbody', {},
                    ...table.rows.map(
                        (name, row) => make('tr', {}, make('th', { scope: 'row' }, name),
                            ...table.columns.map(
                                (_, column) => cell(table.values?.[row * columns + column],
                                    table.spread?.[row * columns + column]))))))));
    }
}
