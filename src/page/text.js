/* text.js - the texts, their units coloured by what the chosen method says, and the details of a unit. */

const unitElements = [];

function attributionScale(method) {
    let most = 0;
    for (const value of method.units ?? [])
        most = Math.max(most, Math.abs(value ?? 0));
    return most;
}

function makeTexts() {
    const place = byId('text');
    page.texts.forEach((text, side) => {
        if (!text)
            return;
        const paragraph =
            make('p', { dir: 'auto', role: 'group', 'aria-label': side ? 'Second text' : 'Text' });
        let at = 0;
        page.units.forEach((unit, i) => {
            if (unit.side !== side)
                return;
            const begin = Math.max(at, unit.begin);
            paragraph.append(pieceOf(side, at, begin), makeUnit(i, pieceOf(side, begin, unit.end)));
            at = Math.max(at, unit.end);
        });
        paragraph.append(pieceOf(side, at, textBytes[side].length));
        place.append(paragraph);
    });
    place.addEventListener('keydown', moveAmongUnits);
    place.addEventListener('scroll', hideTip);
}

/* Of units that share bytes (tokens of one character) the first shows them. */
function makeUnit(i, text) {
    const element = make('span',
        { className: 'unit', role: 'button', tabIndex: i ? -1 : 0, 'aria-pressed': 'false' },
        text || '\u25ab');
    element.addEventListener('pointerenter', () => showTip(i));
    element.addEventListener('pointerleave', hideTip);
    element.addEventListener('focus', () => showTip(i));
    element.addEventListener('blur', hideTip);
    element.addEventListener('click', () => chooseUnit(i));
    unitElements[i] = element;
    return element;
}

/* One stop of the Tab key for all units; arrows go from one to the next. */
function moveAmongUnits(event) {
    const at = unitElements.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const to = event.key === 'Home' ? 0 :
        event.key === 'End'         ? unitElements.length - 1 :
                                      at + (step ?? 0);
    if (at >= 0 && (event.key === 'Enter' || event.key === ' ')) {
        chooseUnit(at);
    } else if (at >= 0 && to !== at && unitElements[to]) {
        unitElements[at].tabIndex = -1;
        unitElements[to].tabIndex = 0;
        unitElements[to].focus();
    } else {
        return;
    }
    event.preventDefault();
    event.stopPropagation();
}

/* A chosen unit is outlined, and its first token is the one that attention shows. */
function chooseUnit(i) {
    state.unit = state.unit === i ? -1 : i;
    unitElements.forEach(
        (element, k) => element.setAttribute('aria-pressed', String(k === state.unit)));
    if (page.layers.length && unitTokens[i].length)
        chooseToken(state.unit < 0 ? -1 : unitTokens[i][0], 'from');
}

function colourUnits() {
    const method = page.methods[state.method], scale = method ? attributionScale(method) : 0;
    unitElements.forEach((element, i) => {
        const value = method?.units?.[i] ?? 0;
        const colour = signedColour(scale ? value / scale : 0);
        element.style.backgroundColor = css(colour);
        element.style.color = inkOn(colour);
        element.setAttribute(
            'aria-label', visible(unitTexts[i]) + ': ' + shown(method?.units?.[i]));
    });
    drawLegend(scale);
}

/* The colours and what their ends stand for; one half where nothing takes away. */
function drawLegend(scale) {
    const place = byId('legend'), canvas = make('canvas'),
          values = page.methods[state.method]?.units ?? [];
    const signed = values.some((value) => value < 0), least = signed ? -1 : 0, steps = 200;
    place.hidden = !values.length;
    canvas.width = steps;
    canvas.height = 1;
    const pen = new CanvasPen(canvas.getContext('2d'));
    for (let i = 0; i < steps; i++)
        pen.box(i, 0, 1, 1, css(signedColour(least + (1 - least) * i / (steps - 1))));
    place.replaceChildren((signed ? 'against ' : '') + shown(least * scale || 0), canvas,
        shown(scale) + (signed ? ' for' : ''));
}

function rankOf(units, i) {
    const size = Math.abs(units[i] ?? 0);
    return 1 + units.filter((value) => Math.abs(value ?? 0) > size).length;
}

function tokenLine(method, i) {
    const token = page.tokens[i], value = method?.tokens?.[i];
    return make('div', {}, 'token ' + i + ' ', make('bdi', {}, visible(token.name)),
        value === null || value === undefined ? '' : '  ' + shown(value));
}

function showTip(i) {
    const method = page.methods[state.method], value = method?.units?.[i];
    const lines = [make('b', {}, make('bdi', {}, visible(unitTexts[i])))];
    if (method) {
        const spread = method.spread?.[i];
        lines.push(make('div', {},
            method.name + ': ' + shown(value) + (spread ? ' \u00b1 ' + shown(spread) : '')));
        if (value !== null && value !== undefined)
            lines.push(make(
                'div', {}, rankOf(method.units, i) + '. of ' + page.units.length + ' by size'));
    }
    lines.push(...unitTokens[i].slice(0, 12).map((token) => tokenLine(method, token)));
    placeTip(lines, unitElements[i].getBoundingClientRect());
}

function showTokenTip(i, beside) {
    const token = page.tokens[i];
    placeTip(
        [
            make('b', {}, make('bdi', {}, tokenLabels[i])),
            make('div', {}, 'token ' + i + ' ', make('bdi', {}, visible(token.name)),
                token.side < 0 ? ', special' : ', bytes ' + token.begin + ' to ' + token.end),
            make('div', {},
                'looks most at ' +
                    strongest(i, 'from')
                        .slice(0, 3)
                        .map(({ token: other, weight }) => quoted(other) + ' ' + percent(weight))
                        .join(', '))
        ],
        beside);
}

function placeTip(lines, beside) {
    const tip = byId('tip');
    tip.replaceChildren(...lines);
    tip.hidden = false;
    const size = tip.getBoundingClientRect();
    const below = beside.bottom + 8 + size.height < innerHeight;
    tip.style.left = Math.max(8, Math.min(beside.left, innerWidth - size.width - 8)) + 'px';
    tip.style.top = (below ? beside.bottom + 8 : Math.max(8, beside.top - size.height - 8)) + 'px';
}

function hideTip() {
    byId('tip').hidden = true;
}
