/*
 * curves.h - exp, Phi, sigmoid, tanh, the activations and their slopes, as vector code of our own:
 * libm changes with its version. Largest errors over all floats, of a value relative to
 * max(1, |x|) and of a slope, as test/backend/test_curves.c holds them:
 *
 *     gelu                        1e-7     1.5e-7
 *     gelu_tanh, quick, silu      1.5e-7   2e-7
 *     tanh                        1e-7     2e-7
 *     sigmoid                     1e-7     6e-8
 */
#ifndef CZ_CPU_CURVES_H
#define CZ_CPU_CURVES_H

#include "backend/backend.h"

#include CZ_SIMD

#define LOG2E 1.44269504088896340736f

/* One step of Horner's rule: p = p * x + c. */
#define STEP(p, x, c) p = vec_fma(p, x, vec_set(c))

/* 2^x for x below 127, relative error 2e-7; below 2^-126 the result is 2^-126. */
INLINE vec exp2_vec(vec x)
{
    const vec magic = vec_set(12582912.0f);
    x = vec_max(vec_set(-126.0f), x);
    vec whole = vec_add(x, magic), f = vec_sub(x, vec_sub(whole, magic));
    vec p = vec_set(0.0001540353039f);
    STEP(p, f, 0.001340028886f);
    STEP(p, f, 0.009618129108f);
    STEP(p, f, 0.05550327453f);
    STEP(p, f, 0.240226507f);
    STEP(p, f, 0.693147206628f);
    STEP(p, f, 1.0f);
    return vec_scale(p, whole);
}

/* Phi(-a) = 2^Q(a) for 0 <= a: the tail keeps its relative accuracy and nothing is divided. */
INLINE vec phi_tail(vec a)
{
    vec q = vec_set(-1.9917534e-06f);
    STEP(q, a, 2.92703404e-05f);
    STEP(q, a, -0.000138080739f);
    STEP(q, a, -0.000253453687f);
    STEP(q, a, 0.00721641097f);
    STEP(q, a, -0.0526030637f);
    STEP(q, a, -0.459172213f);
    STEP(q, a, -1.15110973f);
    STEP(q, a, -0.999999903f);
    return exp2_vec(q);
}

/* x Phi(x): max(x, 0) - |x| Phi(-|x|) on both sides of zero. Beyond 14 the tail is nothing. */
INLINE vec gelu_vec(vec x)
{
    vec a = vec_min(vec_set(14.0f), vec_abs(x));
    return vec_sub(vec_max(vec_set(0.0f), x), vec_mul(a, phi_tail(a)));
}

/* 1 / (1 + e^-x). */
INLINE vec sigmoid_vec(vec x)
{
    vec t = exp2_vec(vec_mul(vec_abs(x), vec_set(-LOG2E))), one = vec_set(1.0f);
    vec r = vec_div(one, vec_add(one, t));
    return vec_choose(vec_less(x, vec_set(0.0f)), vec_mul(t, r), r);
}

/* Near zero x + x^3 P(x^2), else 1 - 2 t / (1 + t), t = e^-2|x|, with the sign of x. */
INLINE vec tanh_vec(vec x)
{
    vec a = vec_abs(x), z = vec_mul(x, x), one = vec_set(1.0f);
    vec p = vec_set(-5.70498872745e-3f);
    STEP(p, z, 2.06390887954e-2f);
    STEP(p, z, -5.37397155531e-2f);
    STEP(p, z, 1.33314422036e-1f);
    STEP(p, z, -3.33332819422e-1f);
    p = vec_fma(vec_mul(p, z), x, x);
    vec t = exp2_vec(vec_mul(a, vec_set(-2 * LOG2E)));
    vec far = vec_sub(one, vec_div(vec_add(t, t), vec_add(one, t)));
    far = vec_choose(vec_less(x, vec_set(0.0f)), vec_sub(vec_set(0.0f), far), far);
    return vec_choose(vec_less(a, vec_set(0.625f)), p, far);
}

/* 2 sqrt(2 / pi) (x + 0.044715 x^3): the tanh variant of GELU is x sigmoid of it. */
INLINE vec gelu_tanh_inside(vec x)
{
    vec bend = vec_fma(vec_mul(x, x), vec_set(0.0713548163f), vec_set(1.59576912f));
    return vec_mul(x, bend);
}

INLINE vec activate(const cz_activation kind, vec x)
{
    switch (kind) {
    case CZ_GELU:
        return gelu_vec(x);
    case CZ_GELU_TANH:
        return vec_mul(x, sigmoid_vec(gelu_tanh_inside(x)));
    case CZ_GELU_QUICK:
        return vec_mul(x, sigmoid_vec(vec_mul(x, vec_set(1.702f))));
    case CZ_RELU:
        return vec_max(vec_set(0.0f), x);
    case CZ_SILU:
        return vec_mul(x, sigmoid_vec(x));
    case CZ_TANH:
        return tanh_vec(x);
    case CZ_SIGMOID:
        return sigmoid_vec(x);
    case CZ_IDENTITY:
    case CZ_ACTIVATIONS:
        break;
    }
    return x;
}

/* s (1 - s) where s is the sigmoid of x, without cancellation. */
INLINE vec sigmoid_slope(vec x)
{
    vec t = exp2_vec(vec_mul(vec_abs(x), vec_set(-LOG2E)));
    vec u = vec_add(vec_set(1.0f), t);
    return vec_div(t, vec_mul(u, u));
}

/* Far out every curve is straight; there products of x would only overflow. */
INLINE vec near(vec x, float limit)
{
    return vec_max(vec_set(-limit), vec_min(vec_set(limit), x));
}

/* d/dx of x sigmoid(g(x)) = s + x g' s (1 - s). */
INLINE vec gated_slope(vec x, vec inside, vec inside_slope)
{
    vec bend = vec_mul(vec_mul(x, inside_slope), sigmoid_slope(inside));
    return vec_add(sigmoid_vec(inside), bend);
}

INLINE vec gelu_slope(vec x)
{
    vec at = near(x, 14.0f), a = vec_abs(at);
    vec tail = phi_tail(a);
    vec below = vec_choose(vec_less(x, vec_set(0.0f)), tail, vec_sub(vec_set(1.0f), tail));
    vec density = exp2_vec(vec_mul(vec_mul(a, a), vec_set(-0.5f * LOG2E)));
    return vec_fma(vec_mul(at, vec_set(0.398942280f)), density, below);
}

/* Derivative of the activation at x. */
INLINE vec slope(const cz_activation kind, vec x)
{
    vec one = vec_set(1.0f), t;
    switch (kind) {
    case CZ_GELU:
        return gelu_slope(x);
    case CZ_GELU_TANH:
        x = near(x, 14.0f);
        t = vec_fma(vec_mul(x, x), vec_set(0.214064449f), vec_set(1.59576912f));
        return gated_slope(x, gelu_tanh_inside(x), t);
    case CZ_GELU_QUICK:
        x = near(x, 100.0f);
        return gated_slope(x, vec_mul(x, vec_set(1.702f)), vec_set(1.702f));
    case CZ_RELU:
        return vec_choose(vec_less(vec_set(0.0f), x), one, vec_set(0.0f));
    case CZ_SILU:
        x = near(x, 100.0f);
        return gated_slope(x, x, one);
    case CZ_TANH:
        return vec_mul(vec_set(4.0f), sigmoid_slope(vec_add(x, x)));
    case CZ_SIGMOID:
        return sigmoid_slope(x);
    case CZ_IDENTITY:
    case CZ_ACTIVATIONS:
        break;
    }
    return one;
}

#endif
