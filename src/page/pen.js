/* pen.js - one way to draw for the screen and for a file: a pen puts shapes on a canvas, or collects
 * them as SVG. */

const font = 'system-ui, sans-serif';

class CanvasPen {
    constructor(context) {
        this.context = context;
    }
    box(x, y, width, height, colour) {
        this.context.fillStyle = colour;
        this.context.fillRect(x, y, width, height);
    }
    frame(x, y, width, height, colour, thickness = 1) {
        this.context.strokeStyle = colour;
        this.context.lineWidth = thickness;
        this.context.strokeRect(x, y, width, height);
    }
    /* anchor: 'start', 'middle' or 'end'; turned: upwards */
    text(text, x, y, size, colour, anchor = 'start', turned = false) {
        const context = this.context, wanted = size + 'px ' + font;
        if (this.font !== wanted) /* asking a canvas for its font is slow */
            context.font = this.font = wanted;
        context.textAlign = { start: 'left', middle: 'center', end: 'right' }[anchor];
        context.textBaseline = 'middle';
        context.fillStyle = colour;
        if (turned) {
            context.save();
            context.translate(x, y);
            context.rotate(-Math.PI / 2);
            context.fillText(text, 0, 0);
            context.restore();
        } else {
            context.fillText(text, x, y);
        }
    }
    /* From left to right, level at both ends. */
    curve(x1, y1, x2, y2, colour, opacity, thickness) {
        const context = this.context, half = (x1 + x2) / 2;
        context.globalAlpha = opacity;
        context.strokeStyle = colour;
        context.lineWidth = thickness;
        context.beginPath();
        context.moveTo(x1, y1);
        context.bezierCurveTo(half, y1, half, y2, x2, y2);
        context.stroke();
        context.globalAlpha = 1;
    }
    image(canvas, x, y, width, height) {
        this.context.imageSmoothingEnabled = width < canvas.width;
        this.context.drawImage(canvas, x, y, width, height);
    }
}

const rounded = (value) => String(Math.round(100 * value) / 100);

function escaped(text) {
    return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
        .replace(/[&<>"']/g, (letter) => '&#' + letter.charCodeAt(0) + ';');
}

class SvgPen {
    constructor(width, height) {
        this.parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="' + rounded(width) +
            '" height="' + rounded(height) + '" viewBox="0 0 ' + rounded(width) + ' ' +
            rounded(height) + '" font-family="' + font + '">'];
    }
    put(name, numbers, more, content) {
        const attributes = Object.entries(numbers)
                               .map(([key, value]) => ' ' + key + '="' + rounded(value) + '"')
                               .concat(Object.entries(more).map(
                                   ([key, value]) => ' ' + key + '="' + escaped(value) + '"'));
        this.parts.push('<' + name + attributes.join('') +
            (content === undefined ? '/>' : '>' + escaped(content) + '</' + name + '>'));
    }
    box(x, y, width, height, colour) {
        this.put('rect', { x, y, width, height }, { fill: colour });
    }
    frame(x, y, width, height, colour, thickness = 1) {
        this.put('rect', { x, y, width, height, 'stroke-width': thickness },
            { fill: 'none', stroke: colour });
    }
    text(text, x, y, size, colour, anchor = 'start', turned = false) {
        const place = turned ?
            { transform: 'translate(' + rounded(x) + ' ' + rounded(y) + ') rotate(-90)' } :
            {};
        this.put('text', turned ? { 'font-size': size } : { x, y, 'font-size': size }, {
            ...place,
            fill: colour,
            'text-anchor': anchor,
            'dominant-baseline': 'central',
            'xml:space': 'preserve'
        },
            text);
    }
    curve(x1, y1, x2, y2, colour, opacity, thickness) {
        const half = (x1 + x2) / 2, points = [x1, y1, half, y1, half, y2, x2, y2].map(rounded);
        this.put('path', { 'stroke-opacity': opacity, 'stroke-width': thickness }, {
            fill: 'none',
            stroke: colour,
            d: 'M' + points[0] + ' ' + points[1] + 'C' + points.slice(2).join(' ')
        });
    }
    image(canvas, x, y, width, height) {
        this.put('image', { x, y, width, height }, {
            href: canvas.toDataURL('image/png'),
            preserveAspectRatio: 'none',
            style: 'image-rendering:pixelated'
        });
    }
    end() {
        return this.parts.join('\n') + '\n</svg>\n';
    }
}

/* How wide a text will be; the same texts are asked for again and again. */
const measuring = document.createElement('canvas').getContext('2d');
const widths = new Map();
function widthOf(text, size) {
    const key = size + ' ' + text;
    if (!widths.has(key)) {
        measuring.font = size + 'px ' + font;
        widths.set(key, measuring.measureText(text).width);
    }
    return widths.get(key);
}

/* The text, or its beginning where there is no more room. */
function fitting(text, size, room) {
    if (widthOf(text, size) <= room)
        return text;
    const letters = Array.from(text);
    let kept = Math.min(letters.length, Math.ceil(2 * room / size));
    while (kept > 1 && widthOf(letters.slice(0, kept).join('') + '\u2026', size) > room)
        kept--;
    return letters.slice(0, kept).join('') + '\u2026';
}

/* A canvas of that many points, as sharp as the screen is; returns its pen. */
function resized(canvas, width, height, density = devicePixelRatio || 1) {
    canvas.width = Math.max(1, Math.round(width * density));
    canvas.height = Math.max(1, Math.round(height * density));
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    const context = canvas.getContext('2d');
    context.scale(density, density);
    return new CanvasPen(context);
}
