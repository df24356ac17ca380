/* colour.js - colours in equal steps of perceived lightness (Oklab, Ottosson 2020). Signed numbers run
 * from blue over the colour of the page to orange, which all common kinds of colour blindness tell
 * apart; weights from the colour of the page to its darkest (or, in the dark, brightest) end. */

const themes = {
    light: {
        surface: '#ffffff',
        raised: '#f4f5f7',
        line: '#c9ced6',
        ink: '#1b1f24',
        faint: '#57606c',
        accent: '#0b57a4',
        low: [0.62, -0.05, -0.145],
        middle: [1, 0, 0],
        high: [0.70, 0.065, 0.135],
        ramp: [
            [1, 0, 0], [0.86, -0.045, 0.03], [0.62, -0.085, -0.045], [0.40, -0.01, -0.13],
            [0.22, 0.035, -0.11]
        ],
    },
    dark: {
        surface: '#14171b',
        raised: '#1e2329',
        line: '#444c57',
        ink: '#e7eaee',
        faint: '#a3adb9',
        accent: '#7db7f5',
        low: [0.66, -0.05, -0.135],
        middle: [0.205, 0, -0.01],
        high: [0.70, 0.065, 0.135],
        ramp: [
            [0.205, 0, -0.01], [0.40, -0.01, -0.12], [0.60, -0.08, -0.05], [0.80, -0.07, 0.08],
            [0.96, -0.02, 0.10]
        ],
    },
};

const darkWished = matchMedia('(prefers-color-scheme: dark)');
function theme() {
    const choice = document.documentElement.dataset.theme;
    return themes[choice ?? (darkWished.matches ? 'dark' : 'light')];
}

function channel(linear) {
    const limited = Math.min(1, Math.max(0, linear));
    return Math.round(
        255 * (limited <= 0.0031308 ? 12.92 * limited : 1.055 * limited ** (1 / 2.4) - 0.055));
}

/* [red, green, blue] of 255 */
function fromOklab([lightness, a, b]) {
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3;
    return [
        channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
    ];
}

function between(a, b, share) {
    return a.map((value, i) => value + share * (b[i] - value));
}

function css([red, green, blue]) {
    return '#' + ((red << 16) | (green << 8) | blue).toString(16).padStart(6, '0');
}

/* value from -1 to 1 */
function signedColour(value) {
    const { low, middle, high } = theme();
    return fromOklab(between(middle, value < 0 ? low : high, Math.min(1, Math.abs(value))));
}

/* Black or white, as has more contrast with such a ground (WCAG 2.2): 4.5 or more. */
function inkOn(ground) {
    const [red, green, blue] = ground.map(
        (value) => value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
}

/* share from 0 to 1; the stops lie where their lightness puts them. */
function weightColour(share) {
    const { ramp } = theme(), end = ramp.length - 1;
    const lightness = ramp[0][0] + share * (ramp[end][0] - ramp[0][0]);
    let i = 1;
    while (i < end && (ramp[i][0] - lightness) * (ramp[end][0] - ramp[0][0]) < 0)
        i++;
    return fromOklab(between(
        ramp[i - 1], ramp[i], (lightness - ramp[i - 1][0]) / (ramp[i][0] - ramp[i - 1][0])));
}

/* 256 steps of it as the pixels of an image. */
function weightPixels() {
    const bytes = new Uint8ClampedArray(1024);
    for (let i = 0; i < 256; i++)
        bytes.set([...weightColour(i / 255), 255], 4 * i);
    return new Uint32Array(bytes.buffer);
}

/* The share of the scale of each shade, given the highest that is shown. */
function shareOf(scale, highest) {
    const most = weightOf[Math.max(1, highest)];
    return Float64Array.from(weightOf,
        (weight, shade) => Math.min(1,
            scale === 'root'    ? shade / Math.max(1, highest) :
                scale === 'log' ? Math.max(0, 1 + Math.log10(Math.max(weight, 1e-9) / most) / 3.5) :
                                  weight / most));
}
