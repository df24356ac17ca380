/* export.js - what is shown, as files: pictures as SVG or PNG, numbers as JSON or CSV. */

function save(name, parts, type) {
    const link =
        make('a', { href: URL.createObjectURL(new Blob(parts, { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    announce('Saved ' + name);
}

function savePicture(name, format, width, height, draw) {
    if (format === 'svg') {
        const pen = new SvgPen(width, height);
        draw(pen);
        save(name + '.svg', [pen.end()], 'image/svg+xml');
    } else {
        const canvas = make('canvas'), density = Math.min(2, 16000 / Math.max(width, height));
        draw(resized(canvas, width, height, density));
        canvas.toBlob((blob) => save(name + '.png', [blob], 'image/png'));
    }
}

function attentionName() {
    return 'attention-layer-' + page.layers[state.layer] + '-head-' + state.head;
}

function saveAttention(format) {
    if (!currentView)
        return;
    if (state.view === 'matrix') {
        const layout = layMatrix(currentView, 900, 1);
        savePicture(attentionName(), format, layout.width, layout.height,
            (pen) => drawMatrix(pen, currentView, layout));
    } else {
        const layout = layLines(currentView, 760);
        savePicture(attentionName(), format, layout.width, layout.height,
            (pen) => drawLines(pen, currentView, layout, 0, layout.height));
    }
}

/* The texts as they are laid on the page, line by line. */
function drawTexts(pen, width, height, origin) {
    const { ink, surface, faint } = theme(), size = 18, method = page.methods[state.method];
    const scale = method ? attributionScale(method) : 0;
    pen.box(0, 0, width, height, surface);
    pen.text((method?.name ?? '') + '  (' + shown(-scale) + ' to ' + shown(scale) + ')', 4, 14, 13,
        faint);
    const walker = document.createTreeWalker(byId('text'), NodeFilter.SHOW_TEXT),
          range = document.createRange();
    while (walker.nextNode()) {
        const node = walker.currentNode, unit = unitElements.indexOf(node.parentElement);
        const colour = unit >= 0 && scale ? signedColour((method.units[unit] ?? 0) / scale) : null;
        for (const [begin, end] of wordsOf(node.data)) {
            range.setStart(node, begin);
            range.setEnd(node, end);
            const box = range.getBoundingClientRect(), x = box.left - origin.left,
                  y = box.top - origin.top + 28;
            if (colour)
                pen.box(x - 2, y, box.width + 4, box.height, css(colour));
            pen.text(node.data.slice(begin, end), x, y + box.height / 2, size,
                colour ? inkOn(colour) : ink);
        }
    }
}

/* Places of the words in a text: lines break between them. */
function wordsOf(text) {
    return Array.from(
        text.matchAll(/\S+/gu), (match) => [match.index, match.index + match[0].length]);
}

function saveTexts(format) {
    const place = byId('text'), kept = place.scrollTop;
    place.scrollTop = 0;
    const origin = place.getBoundingClientRect(), width = place.clientWidth,
          height = place.scrollHeight + 36;
    savePicture('text-' + (page.methods[state.method]?.name ?? 'plain'), format, width, height,
        (pen) => drawTexts(pen, width, height, origin));
    place.scrollTop = kept;
}

function csvField(value) {
    const text = value === null || value === undefined ? '' : String(value);
    return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function csvOf(rows) {
    return rows.map((row) => row.map(csvField).join(',') + '\r\n').join('');
}

function saveNumbers() {
    const head = ['unit', 'text', 'side', 'begin', 'end'];
    for (const method of page.methods)
        head.push(method.name, ...(method.spread ? [method.name + ' +-'] : []));
    save('attributions.csv', [csvOf([
        head,
        ...page.units.map(
            (unit, i) => [i, unitTexts[i], unit.side, unit.begin, unit.end,
                ...page.methods.flatMap(
                    (method) => [method.units?.[i], ...(method.spread ? [method.spread[i]] : [])])])
    ])],
        'text/csv');
}

function saveWeights() {
    const name = (i) => i + ' ' + tokenLabels[i], tokens = currentView.tokens;
    save(attentionName() + '.csv', [csvOf([
        ['from', ...tokens.map(name)],
        ...tokens.map(
            (from) => [name(from),
                ...tokens.map(
                    (to) => Number(weightOf[shadeAt(currentView, from, to)].toPrecision(4)))])
    ])],
        'text/csv');
}

function actions(id, entries) {
    byId(id).append(...entries.map(([label, act]) => {
        const button = make('button', { type: 'button' }, label);
        button.addEventListener('click', act);
        return button;
    }));
}

function makeActions() {
    actions('text-actions', [
        ['Save text as SVG', () => saveTexts('svg')], ['PNG', () => saveTexts('png')],
        ...(page.methods.length ? [['Numbers as CSV', saveNumbers]] : [])
    ]);
    actions('record-actions', [[
        'Everything but attention as JSON',
        () => save('explanation.json', [JSON.stringify(page, null, 1)], 'application/json')
    ]]);
    if (page.layers.length)
        actions('attention-actions', [
            ['Save view as SVG', () => saveAttention('svg')], ['PNG', () => saveAttention('png')],
            ['Weights as CSV', saveWeights]
        ]);
}
