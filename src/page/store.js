'use strict';
/* store.js - what the page was given, what the reader chose, and the layers of attention as they are
 * inflated. Texts become text nodes and nothing else: no markup is made of strings anywhere. */

const page = JSON.parse(document.getElementById('data').textContent);
const packedLayers = document.querySelectorAll('script.layer');
const tokenCount = page.tokens.length;

/* In bytes, as units and tokens lie in the texts. */
const textBytes = page.texts.map((text) => new TextEncoder().encode(text));
function pieceOf(side, begin, end) {
    return new TextDecoder().decode(textBytes[side].subarray(begin, end));
}

/* Characters that cannot be seen are named: a reader must see what a token really is. (Joiners stay:
 * scripts and emoji are written with them.) */
const unseen = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/gu;
function visible(text) {
    if (/^ +$/.test(text))
        return '\u2423'.repeat(text.length);
    return text.replace(unseen,
        (letter) =>
            '[U+' + letter.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + ']');
}

const unitTexts = page.units.map((unit) => pieceOf(unit.side, unit.begin, unit.end));
/* The text itself; the vocabulary's name of special tokens and of parts of a character. */
const tokenLabels = page.tokens.map((token) => {
    const piece = token.side < 0 ? '' : pieceOf(token.side, token.begin, token.end);
    return visible(piece && !piece.includes('\ufffd') ? piece : token.name);
});
const unitTokens = page.units.map(() => []);
page.tokens.forEach((token, i) => {
    if (token.unit >= 0)
        unitTokens[token.unit].push(i);
});

const state = {
    method: page.shown,
    unit: -1,       /* chosen */
    layer: 0,       /* place in page.layers */
    head: 0,        /* or 'mean', 'max' */
    view: 'matrix', /* or 'lines' */
    scale: 'root',  /* or 'linear', 'log', 'row' */
    special: true,  /* special tokens are shown */
    side: 'from',   /* of the chosen token: it looks, or ('to') is looked at */
    token: -1,      /* chosen */
    cell: null,     /* { from, to } under the pointer or the keys */
    zoom: 1,        /* the matrix shows a window of 1/zoom of its rows and columns */
    middle: null,   /* { from, to } around which it lies */
    keys: true,
};

/* What a link to the page may choose: page.html#layer=3&head=mean. */
function readFragment() {
    const wish = new URLSearchParams(location.hash.slice(1));
    const among = (name, choices) => {
        if (choices.includes(wish.get(name)))
            state[name] = wish.get(name);
    };
    const place = (name, count) => {
        const value = Number(wish.get(name) ?? NaN);
        if (Number.isInteger(value) && value >= 0 && value < count)
            state[name] = value;
    };
    const layer = page.layers.indexOf(Number(wish.get('layer')));
    if (layer >= 0)
        state.layer = layer;
    place('method', page.methods.length);
    place('token', tokenCount);
    place('head', page.heads);
    among('head', ['mean', 'max']);
    among('view', ['matrix', 'lines']);
    among('scale', ['root', 'linear', 'log', 'row']);
    state.special = wish.get('special') !== 'no';
}

function writeFragment() {
    const wish = new URLSearchParams({ method: state.method });
    if (page.layers.length) {
        wish.set('layer', page.layers[state.layer]);
        for (const name of ['head', 'view', 'scale'])
            wish.set(name, state[name]);
        if (!state.special)
            wish.set('special', 'no');
        if (state.token >= 0)
            wish.set('token', state.token);
    }
    history.replaceState(null, '', '#' + wish);
}

function fromBase64(text) {
    if (Uint8Array.fromBase64)
        return Uint8Array.fromBase64(text);
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++)
        bytes[i] = letters.charCodeAt(i);
    return bytes;
}

/* Each layer is inflated once, when it is first asked for. */
const layerPromises = [];
const layerShades = []; /* Uint8Array [heads, tokens, tokens], as soon as it is there */
function inflateLayer(layer) {
    layerPromises[layer] ??= (async () => {
        const bytes = fromBase64(packedLayers[layer].textContent);
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
        const shades = new Uint8Array(await new Response(stream).arrayBuffer());
        if (shades.length !== page.heads * tokenCount * tokenCount)
            throw new Error('layer ' + page.layers[layer] + ' is not whole');
        packedLayers[layer].remove();
        layerShades[layer] = shades;
        return shades;
    })();
    return layerPromises[layer];
}

/* A shade is 255 times the square root of its weight. */
const weightOf = Float64Array.from({ length: 256 }, (_, shade) => (shade / 255) ** 2);

/* The shades [tokens, tokens] of a head of a layer that is there, or of the mean or the highest of all;
 * those are made once. */
const blended = new Map();
function headShades(layer, head) {
    const all = layerShades[layer], size = tokenCount * tokenCount, key = layer + ' ' + head;
    if (typeof head === 'number')
        return all.subarray(head * size, (head + 1) * size);
    if (!blended.has(key))
        blended.set(key, head === 'max' ? highestShades(all, size) : meanShades(all, size));
    return blended.get(key);
}

function highestShades(all, size) {
    const out = all.slice(0, size);
    for (let start = size; start < all.length; start += size)
        for (let i = 0; i < size; i++)
            if (all[start + i] > out[i])
                out[i] = all[start + i];
    return out;
}

function meanShades(all, size) {
    const sums = new Uint32Array(size), out = new Uint8Array(size);
    for (let start = 0; start < all.length; start += size)
        for (let i = 0; i < size; i++)
            sums[i] += all[start + i] * all[start + i];
    for (let i = 0; i < size; i++)
        out[i] = Math.round(Math.sqrt(sums[i] / page.heads));
    return out;
}

/* Numbers as they are shown. */
function shown(value) {
    if (value === null || value === undefined)
        return '\u2013';
    const size = Math.abs(value);
    const plain = Number.isInteger(value) && size < 1e6 ? String(value) :
        size >= 1e-3 && size < 1e5                      ? String(Number(value.toPrecision(4))) :
                                                          value.toExponential(2);
    return plain.replace('-', '\u2212');
}

function percent(weight) {
    return (100 * weight).toFixed(weight < 0.1 ? 2 : 1) + ' %';
}

/* An element with properties, and children that are nodes or texts. */
function make(name, properties = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties))
        if (key in element)
            element[key] = value;
        else
            element.setAttribute(key, value);
    element.append(...children);
    return element;
}

function byId(id) {
    return document.getElementById(id);
}

function announce(text) {
    byId('announce').textContent = text;
}
