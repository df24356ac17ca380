/* lines.js - a head as lines from each token, at the left, to those it looks at, at the right. All
 * lines of 512 tokens would be a grey field: the strongest are drawn, or those of the chosen token. */

const rowHeight = 18, linesMost = 2500, frameHeight = 640;
let linesLayout = null;
let linesNote = '';

function layLines(view, width) {
    const room =
        8 + Math.min(160, Math.max(...view.tokens.map((i) => widthOf(tokenLabels[i], 12))));
    const whole = Math.max(320, Math.min(width, 760));
    return {
        width: whole,
        height: titleRoom + view.tokens.length * rowHeight + 8,
        left: room,
        right: whole - room,
        room
    };
}

/* The shade from which on lines are drawn. */
function leastShade(view) {
    const counts = new Uint32Array(256);
    for (const from of view.tokens)
        for (const to of view.tokens)
            counts[shadeAt(view, from, to)]++;
    let least = 255, sum = counts[255];
    while (least > 1 && sum + counts[least - 1] <= linesMost)
        sum += counts[--least];
    return { least, sum };
}

/* [row, column] of the lines, as places in view.tokens. */
function chosenLines(view) {
    const pick = state.token >= 0 ? view.tokens.indexOf(state.token) : -1, out = [];
    if (pick >= 0) {
        linesNote = '';
        return view.tokens.map((_, i) => state.side === 'from' ? [pick, i] : [i, pick]);
    }
    const { least, sum } = leastShade(view), all = view.tokens.length ** 2;
    view.tokens.forEach((from, row) => view.tokens.forEach((to, column) => {
        if (out.length < linesMost && shadeAt(view, from, to) >= least)
            out.push([row, column]);
    }));
    linesNote = sum < all ? 'Drawn: the ' + out.length + ' strongest of ' + all + ' lines.' : '';
    return out;
}

function lineY(place) {
    return titleRoom + (place + 0.5) * rowHeight;
}

/* The weight that the chosen token gives to, or gets from, another, as the ground of its name. */
function groundOf(view, token, side, sharesOf) {
    if (state.token < 0 || !view.tokens.includes(state.token))
        return null;
    if (side === state.side)
        return token === state.token ? weightColour(1) : null;
    const [from, to] = side === 'to' ? [state.token, token] : [token, state.token];
    return weightColour(sharesOf(from)[shadeAt(view, from, to)]);
}

function drawNames(pen, view, layout, first, last) {
    const { ink, faint } = theme(), { left, right, room } = layout, sharesOf = sharesOfRows(view);
    for (let i = first; i < last; i++) {
        const token = view.tokens[i], label = fitting(tokenLabels[token], 12, room - 8),
              y = lineY(i);
        for (const [side, x, anchor] of [['from', left - 5, 'end'], ['to', right + 5, 'start']]) {
            const ground = groundOf(view, token, side, sharesOf);
            if (ground)
                pen.box(
                    side === 'from' ? 0 : right, y - rowHeight / 2, room, rowHeight, css(ground));
            pen.text(label, x, y, 12,
                ground               ? inkOn(ground) :
                    state.token >= 0 ? faint :
                                       ink,
                anchor);
        }
    }
}

/* What lies between the heights `begin` and `end`. */
function drawLines(pen, view, layout, begin, end) {
    const { ink, surface, accent } = theme(), { left, right, width } = layout,
                                 sharesOf = sharesOfRows(view);
    const few = state.token >= 0;
    pen.box(0, begin, width, end - begin, surface);
    pen.text(view.title, left, 12, 14, ink);
    for (const [row, column] of chosenLines(view)) {
        const y1 = lineY(row), y2 = lineY(column), from = view.tokens[row];
        if (Math.max(y1, y2) < begin || Math.min(y1, y2) > end)
            continue;
        const share = sharesOf(from)[shadeAt(view, from, view.tokens[column])];
        if (share > 0.004)
            pen.curve(left, y1, right, y2, accent,
                few ? 0.15 + 0.85 * share : 0.04 + 0.76 * share * share, 0.6 + 2.4 * share);
    }
    drawNames(pen, view, layout, Math.max(0, Math.floor((begin - titleRoom) / rowHeight)),
        Math.min(view.tokens.length, Math.ceil((end - titleRoom) / rowHeight)));
}

/* Only what the frame shows is drawn; the canvas sticks to it while the reader scrolls. */
function showLines(view) {
    const frame = byId('picture-frame'), canvas = byId('drawing');
    linesLayout = layLines(view, frame.clientWidth);
    frame.style.height = Math.min(frameHeight, linesLayout.height) + 'px';
    resized(byId('marks'), 1, 1);
    const height = Math.min(frame.clientHeight, linesLayout.height),
          begin = Math.min(frame.scrollTop, linesLayout.height - height);
    const pen = resized(canvas, linesLayout.width, height);
    canvas.style.marginBottom = linesLayout.height - height + 'px';
    pen.context.translate(0, -begin);
    drawLines(pen, view, linesLayout, begin, begin + height);
}

/* { side, token } of a point: a token's name, or the half nearer to it. */
function linesTokenAt(x, y) {
    const row = Math.floor((y + byId('picture-frame').scrollTop - titleRoom) / rowHeight);
    if (row < 0 || row >= currentView.tokens.length)
        return null;
    return {
        side: x < (linesLayout.left + linesLayout.right) / 2 ? 'from' : 'to',
        token: currentView.tokens[row]
    };
}
