/* matrix.js - a head as a matrix: row i is what token i looks at. */

const labelSize = 11, labelRoom = 96, barRoom = 46, titleRoom = 26;
let matrixLayout = null;

/* The part that is shown: the whole, or a window around its middle. */
function windowStart(view, count, token) {
    const at = Math.max(0, view.tokens.indexOf(token ?? -1));
    return Math.max(0, Math.min(view.tokens.length - count, at - Math.floor(count / 2)));
}

function layMatrix(view, width, density) {
    const all = view.tokens.length,
          count =
              Math.max(1, Math.min(all, Math.max(Math.min(8, all), Math.ceil(all / state.zoom))));
    const rowStart = windowStart(view, count, state.middle?.from),
          columnStart = windowStart(view, count, state.middle?.to);
    const labels = (start) =>
        view.tokens.slice(start, start + count).map((i) => widthOf(tokenLabels[i], labelSize));
    const left = 8 + Math.min(labelRoom, Math.max(...labels(rowStart)));
    const above = 8 + Math.min(labelRoom, Math.max(...labels(columnStart)));
    const room = Math.max(120, Math.min(width - left - 4, 900)), points = room * density;
    /* Whole pixels a cell, so that all are as wide as another. */
    const cell =
        points >= count ? Math.min(28, Math.floor(points / count) / density) : room / count;
    const side = cell * count, top = titleRoom + above;
    return {
        count,
        rowStart,
        columnStart,
        left,
        top,
        cell,
        side,
        step: Math.ceil(13 / cell),
        width: Math.max(left + side + 4, 300),
        height: top + side + barRoom
    };
}

/* The cells, a pixel each. */
function matrixImage(view, layout) {
    const { count, rowStart, columnStart } = layout, canvas = make('canvas');
    canvas.width = canvas.height = count;
    const context = canvas.getContext('2d'), image = context.createImageData(count, count);
    const pixels = new Uint32Array(image.data.buffer), colours = weightPixels(),
          sharesOf = sharesOfRows(view);
    const columns = view.tokens.slice(columnStart, columnStart + count);
    let inks = null;
    for (let row = 0; row < count; row++) {
        const from = view.tokens[rowStart + row];
        if (!inks || state.scale === 'row')
            inks = Uint32Array.from(sharesOf(from), (share) => colours[Math.round(255 * share)]);
        for (let column = 0; column < count; column++)
            pixels[row * count + column] = inks[view.shades[from * tokenCount + columns[column]]];
    }
    context.putImageData(image, 0, 0);
    return canvas;
}

const scaleNames = {
    root: 'square-root scale',
    linear: 'linear scale',
    log: 'logarithmic scale',
    row: 'each row by its highest'
};

function drawBarOfWeights(pen, x, y, width, highest) {
    const { faint } = theme(), steps = 64;
    const most = state.scale === 'row' ? 'highest of the row' : percent(weightOf[highest]);
    const least = state.scale === 'log' ? percent(weightOf[highest] * 10 ** -3.5) : '0';
    for (let i = 0; i < steps; i++)
        pen.box(
            x + i * width / steps, y, width / steps + 0.5, 10, css(weightColour(i / (steps - 1))));
    pen.frame(x, y, width, 10, faint);
    pen.text(least, x, y + 20, labelSize, faint);
    pen.text(most, x + width, y + 20, labelSize, faint, 'end');
    pen.text(scaleNames[state.scale], x + width + 10, y + 5, labelSize, faint);
}

function drawMatrix(pen, view, layout) {
    const { ink,
        faint,
        line,
        surface } = theme(),
                { count, rowStart, columnStart, left, top, cell, side, step } = layout;
    pen.box(0, 0, layout.width, layout.height, surface);
    pen.text(view.title, left, 12, 14, ink);
    pen.image(matrixImage(view, layout), left, top, side, side);
    pen.frame(left - 0.5, top - 0.5, side + 1, side + 1, line);
    for (let i = 0; i < count; i += step) {
        const middle = (i + 0.5) * cell;
        pen.text(fitting(tokenLabels[view.tokens[rowStart + i]], labelSize, labelRoom), left - 5,
            top + middle, labelSize, faint, 'end');
        pen.text(fitting(tokenLabels[view.tokens[columnStart + i]], labelSize, labelRoom),
            left + middle, top - 5, labelSize, faint, 'start', true);
    }
    drawBarOfWeights(pen, left, top + side + 14, Math.min(140, side), view.highest);
}

function showMatrix(view) {
    const frame = byId('picture-frame');
    frame.style.height = '';
    matrixLayout = layMatrix(view, frame.clientWidth, devicePixelRatio || 1);
    drawMatrix(
        resized(byId('drawing'), matrixLayout.width, matrixLayout.height), view, matrixLayout);
    byId('drawing').style.marginBottom = '0';
    markMatrix();
}

/* The row and column that are pointed at, and the row or column that is chosen. */
function markMatrix() {
    const layout = matrixLayout, { left, top, cell, side, count } = layout, { accent } = theme();
    const pen = resized(byId('marks'), layout.width, layout.height);
    const rowAt = (token) => currentView.tokens.indexOf(token) - layout.rowStart;
    const columnAt = (token) => currentView.tokens.indexOf(token) - layout.columnStart;
    const strip = (place, across, thickness) => {
        if (place < 0 || place >= count)
            return;
        const at = place * cell - 0.5, size = Math.max(3, cell + 1);
        if (across)
            pen.frame(left - 0.5, top + at, side + 1, size, accent, thickness);
        else
            pen.frame(left + at, top - 0.5, size, side + 1, accent, thickness);
    };
    if (state.token >= 0)
        strip(state.side === 'from' ? rowAt(state.token) : columnAt(state.token),
            state.side === 'from', 2);
    if (state.cell?.from >= 0)
        strip(rowAt(state.cell.from), true, 1);
    if (state.cell?.to >= 0)
        strip(columnAt(state.cell.to), false, 1);
}

/* { from, to } of a point, or null. */
function matrixCellAt(x, y) {
    const { left, top, cell, count, rowStart, columnStart } = matrixLayout;
    const row = Math.floor((y - top) / cell), column = Math.floor((x - left) / cell);
    if (row < 0 || column < 0 || row >= count || column >= count)
        return null;
    return {
        from: currentView.tokens[rowStart + row],
        to: currentView.tokens[columnStart + column]
    };
}
