/* sheet.js - all heads at a glance, each a thumbnail to choose it by. Thumbnails are made layer by layer
 * while nothing else is to be done; that inflates and blends the layers before they are asked for. */

const sheetLeft = 26, sheetTop = 20;
const thumbnails = []; /* by layer: a canvas of heads beside each other */

function sheetCell() {
    const room = Math.min(420, document.documentElement.clientWidth - 60);
    return Math.max(14, Math.min(48, Math.floor((room - sheetLeft) / page.heads)));
}

/* The strongest weight of each block of tokens, by each head's own highest. */
function makeThumbnail(shades, size) {
    const count = Math.min(size, tokenCount), canvas = make('canvas'), colours = weightPixels();
    canvas.width = count * page.heads;
    canvas.height = count;
    const context = canvas.getContext('2d'), image = context.createImageData(canvas.width, count);
    const pixels = new Uint32Array(image.data.buffer), blocks = new Uint8Array(count * count);
    const block =
        Uint16Array.from({ length: tokenCount }, (_, i) => Math.floor(i * count / tokenCount));
    for (let head = 0; head < page.heads; head++) {
        blocks.fill(0);
        for (let from = 0, at = head * tokenCount * tokenCount; from < tokenCount; from++) {
            const row = block[from] * count;
            for (let to = 0; to < tokenCount; to++, at++)
                if (shades[at] > blocks[row + block[to]])
                    blocks[row + block[to]] = shades[at];
        }
        const shares = shareOf('root', blocks.reduce((most, shade) => Math.max(most, shade), 0));
        for (let row = 0; row < count; row++)
            for (let column = 0; column < count; column++)
                pixels[row * canvas.width + head * count + column] =
                    colours[Math.round(255 * shares[blocks[row * count + column]])];
    }
    context.putImageData(image, 0, 0);
    return canvas;
}

function drawThumbnail(pen, layer, cell) {
    const strip = thumbnails[layer], size = strip.height, context = pen.context;
    context.imageSmoothingEnabled = size > cell;
    for (let head = 0; head < page.heads; head++)
        context.drawImage(strip, head * size, 0, size, size, sheetLeft + head * cell,
            sheetTop + layer * cell, cell - 2, cell - 2);
}

function drawSheet() {
    const canvas = byId('sheet').querySelector('canvas'), cell = sheetCell(),
          { faint, raised } = theme();
    const pen =
        resized(canvas, sheetLeft + page.heads * cell, sheetTop + page.layers.length * cell);
    const step = Math.ceil(16 / cell);
    for (let head = 0; head < page.heads; head += step)
        pen.text(String(head), sheetLeft + head * cell + cell / 2 - 1, 10, 10, faint, 'middle');
    page.layers.forEach((number, layer) => {
        pen.text(
            String(number), sheetLeft - 5, sheetTop + layer * cell + cell / 2, 10, faint, 'end');
        if (thumbnails[layer])
            drawThumbnail(pen, layer, cell);
        else
            for (let head = 0; head < page.heads; head++)
                pen.box(
                    sheetLeft + head * cell, sheetTop + layer * cell, cell - 2, cell - 2, raised);
    });
    const whole = typeof state.head !== 'number';
    pen.frame(sheetLeft + (whole ? 0 : state.head) * cell - 1, sheetTop + state.layer * cell - 1,
        (whole ? page.heads - 1 : 0) * cell + cell, cell, theme().accent, 2.5);
}

function markSheet() {
    drawSheet();
}

function chooseOnSheet(event) {
    const cell = sheetCell(), head = Math.floor((event.offsetX - sheetLeft) / cell);
    const layer = Math.floor((event.offsetY - sheetTop) / cell);
    if (layer >= 0 && layer < page.layers.length && head >= 0 && head < page.heads)
        chooseHead(layer, head);
}

/* When nothing else is to be done, or soon. */
const idle = () => new Promise(
    (done) => (window.requestIdleCallback ? requestIdleCallback(done, { timeout: 200 }) :
                                            setTimeout(done)));

async function fillSheet() {
    thumbnails.length = 0;
    for (let layer = 0; layer < page.layers.length; layer++) {
        await idle();
        thumbnails[layer] = makeThumbnail(await inflateLayer(layer), 32);
        drawSheet();
        for (const head of ['mean', 'max']) {
            await idle();
            headShades(layer, head);
        }
    }
    document.documentElement.dataset.filled = 'yes';
}

function makeSheet() {
    const canvas = make('canvas', {
        role: 'img',
        'aria-label': 'All heads as thumbnails: rows are layers, columns are heads'
    });
    canvas.addEventListener('click', chooseOnSheet);
    byId('sheet').append(canvas);
}
