/* attention.js - which head is looked at, how, and what is said about it in words. */

const blends = {
    mean: 'mean of all heads',
    max: 'highest of all heads'
};
function chosenTitle() {
    return 'Layer ' + page.layers[state.layer] + ', ' +
        (blends[state.head] ?? 'head ' + state.head);
}

/* Everything a picture of the chosen head needs. */
function chosenView() {
    const shades = headShades(state.layer, state.head);
    const tokens =
        page.tokens.map((_, i) => i).filter((i) => state.special || page.tokens[i].side >= 0);
    const rowHighest = new Uint8Array(tokenCount);
    let highest = 0;
    for (const from of tokens) {
        for (const to of tokens)
            if (shades[from * tokenCount + to] > rowHighest[from])
                rowHighest[from] = shades[from * tokenCount + to];
        highest = Math.max(highest, rowHighest[from]);
    }
    return { shades, tokens, rowHighest, highest, title: chosenTitle() };
}

function shadeAt(view, from, to) {
    return view.shades[from * tokenCount + to];
}

/* For each shade in the row of `from`: how far up the chosen scale it is. */
function sharesOfRows(view) {
    if (state.scale === 'row')
        return (from) => shareOf('linear', view.rowHighest[from]);
    const shares = shareOf(state.scale, view.highest);
    return () => shares;
}

/* How widely a head looks (bits of entropy, at most log2 of the tokens) and how far (tokens). */
function headFacts(view) {
    const bits = weightOf.map((weight) => weight > 0 ? -weight * Math.log2(weight) : 0);
    let entropy = 0, distance = 0;
    for (let from = 0; from < tokenCount; from++) {
        let sum = 0, rowBits = 0, rowDistance = 0;
        for (let to = 0; to < tokenCount; to++) {
            const shade = shadeAt(view, from, to);
            sum += weightOf[shade];
            rowBits += bits[shade];
            rowDistance += weightOf[shade] * Math.abs(from - to);
        }
        if (sum > 0) { /* shades are rounded: the sum is nearly 1 */
            entropy += rowBits / sum + Math.log2(sum);
            distance += rowDistance / sum;
        }
    }
    return { entropy: entropy / tokenCount, distance: distance / tokenCount };
}

let currentView = null;
let currentFacts = '';

async function showAttention() {
    const layer = state.layer, head = state.head;
    try {
        await inflateLayer(layer);
    } catch (failure) {
        byId('attention-detail').textContent = 'This layer cannot be shown: ' + failure.message;
        return;
    }
    if (layer !== state.layer || head !== state.head)
        return; /* something else was chosen meanwhile */
    currentView = chosenView();
    const facts = headFacts(currentView);
    currentFacts = currentView.title + ': looks at ' + shown(2 ** facts.entropy) +
        ' tokens (entropy ' + shown(facts.entropy) + ' bits), ' + shown(facts.distance) +
        ' tokens away on average.';
    syncControls();
    drawView();
    markSheet();
    showTokenTable();
    writeFragment();
    document.documentElement.dataset.ready = chosenTitle() + ', ' + state.view;
}

function drawView() {
    const frame = byId('picture-frame');
    frame.className = state.view;
    (state.view === 'matrix' ? showMatrix : showLines)(currentView);
    describe();
}

/* Isolated, so that the direction of a token turns nothing around it. */
function quoted(i) {
    return '\u201c\u2068' + tokenLabels[i] + '\u2069\u201d (' + i + ')';
}

/* What lies under the pointer or the keys, else the head as a whole. */
function describe() {
    const parts = [currentFacts], at = state.cell ?? {};
    if (at.from >= 0 && at.to >= 0)
        parts[0] = quoted(at.from) + ' looks at ' + quoted(at.to) + ': ' +
            percent(weightOf[shadeAt(currentView, at.from, at.to)]);
    else if (state.token >= 0)
        parts[0] = quoted(state.token) +
            (state.side === 'from' ? ' looks most at ' : ' is looked at most by ') +
            strongest(state.token, state.side)
                .slice(0, 4)
                .map(({ token, weight }) => quoted(token) + ' ' + percent(weight))
                .join(', ');
    if (state.view === 'lines')
        parts.push(' ' + linesNote);
    byId('attention-detail').textContent = parts.join('');
}

/* The other tokens of a token, the strongest first. */
function strongest(token, side) {
    return currentView.tokens
        .map((other) => ({
            token: other,
            weight: weightOf[side === 'from' ? shadeAt(currentView, token, other) :
                                               shadeAt(currentView, other, token)]
        }))
        .sort((a, b) => b.weight - a.weight || a.token - b.token);
}

function showTokenTable() {
    const details = byId('token-table');
    details.hidden = state.token < 0;
    if (!details.open || state.token < 0 || !currentView)
        return;
    const looks = strongest(state.token, 'from'), seen = strongest(state.token, 'to');
    fillDetails(details,
        [
            heading(quoted(state.token) + ' looks at'), heading('Weight', { className: 'number' }),
            heading('Is looked at by'), heading('Weight', { className: 'number' })
        ],
        looks,
        (look, i) => make('tr', {}, make('td', {}, quoted(look.token)),
            make('td', { className: 'number' }, percent(look.weight)),
            make('td', {}, quoted(seen[i].token)),
            make('td', { className: 'number' }, percent(seen[i].weight))));
}

function chooseHead(layer, head) {
    state.layer = Math.max(0, Math.min(page.layers.length - 1, layer));
    state.head = typeof head === 'number' ? Math.max(0, Math.min(page.heads - 1, head)) : head;
    state.cell = null;
    announce(chosenTitle());
    return showAttention();
}

function chooseToken(token, side) {
    state.token = token;
    state.side = side;
    state.cell = token >= 0 && side === 'from' ? { from: token, to: -1 } : null;
    if (currentView)
        drawView();
    showTokenTable();
    if (token >= 0)
        announce(byId('attention-detail').textContent);
    writeFragment();
}

function changeView(name, value) {
    state[name] = value;
    return showAttention();
}

const arrows = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1]
};

/* Arrows: from head to head and layer to layer; with Shift from token to token. */
function moveByKey(event) {
    const [down, right] = arrows[event.key] ?? [0, 0];
    if (event.key === 'Escape')
        chooseToken(-1, 'from');
    else if (event.key === 'Enter' && state.cell)
        chooseToken(state.cell.from >= 0 ? state.cell.from : state.cell.to,
            state.cell.from >= 0 ? 'from' : 'to');
    else if (event.shiftKey && (down || right))
        moveCell(down, right);
    else if (down || right)
        chooseHead(state.layer + down,
            right ? (typeof state.head === 'number' ? state.head + right : 0) : state.head);
    else
        return;
    event.preventDefault();
    event.stopPropagation();
}

function moveCell(down, right) {
    const tokens = currentView.tokens, last = tokens.length - 1;
    const step = (at, by) =>
        tokens[Math.max(0, Math.min(last, Math.max(0, tokens.indexOf(at)) + by))];
    const { from = -1, to = -1 } = state.cell ?? {};
    if (state.view === 'lines')
        chooseToken(state.token < 0 ? tokens[0] : step(state.token, down),
            right ? (right < 0 ? 'from' : 'to') : state.side);
    else {
        state.cell = from < 0 || to < 0 ? { from: from < 0 ? tokens[0] : from, to: tokens[0] } :
                                          { from: step(from, down), to: step(to, right) };
        state.middle = state.cell;
        if (state.zoom > 1)
            showMatrix(currentView);
        markMatrix();
        describe();
        announce(byId('attention-detail').textContent);
    }
}
