/*
 * test_losses.c - losses and their gradients: numbers known by hand, and those that PyTorch
 * computes in float64 (torch_losses.h, made by tools/golden/make_losses.py). What makes no sense is
 * refused.
 */
#include "known.h"
#include "torch_losses.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ENTROPY_ROWS = 6, CLASSES = 4 };

static const int64_t entropy_labels[ENTROPY_ROWS] = { 2, 0, -100, 3, 1, 0 };
static const float entropy_weight[CLASSES] = { 0.5f, 2, 1, 3.25f };

static void losses_have_their_known_values(void **state)
{
    const int64_t labels[] = { 1, -100, 0 };
    double logits[] = { 0, 0, 5, 5, 1000, 0 }, target[] = { 1, 0, 5, 7, 1000, 3 };
    fixture f;
    (void)state;
    fixture_open(&f);
    cz_tensor *x = give(&f, logits, 3, 2);
    expect(cz_cross_entropy(&f.run, x, labels, NULL), 0, 0, log(2) / 2);
    expect(cz_squared_error(&f.run, x, give(&f, target, 3, 2), 0), 0, 0, (1 + 4 + 9) / 6.0);
    fixture_close(&f);
}

/* The gradient is what the softmax lacks of the label, small differences of large logits too. */
static void the_gradient_of_sharp_logits_keeps_its_digits(void **state)
{
    const int64_t labels[] = { 0, 1 };
    double logits[] = { 400, 390, -400, 100, 103, 90 };
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = cz_run_input(&f.run, in_type(&f, logits, 6), 2, 3, true);
    cz_tensor *loss = cz_cross_entropy(&f.run, x, labels, NULL);
    assert_non_null(cz_run_gradient(&f.run, loss));
    if (known_in_double())
        *(double *)loss->gradient->data = 2;
    else
        *(float *)loss->gradient->data = 2;
    cz_run_walk_back(&f.run);
    double small = exp(-10) / (1 + exp(-10)), sum = 1 + exp(-3) + exp(-13);
    expect(x->gradient, 0, 0, -small);
    expect(x->gradient, 0, 1, small);
    expect(x->gradient, 0, 2, 0);
    expect(x->gradient, 1, 0, exp(-3) / sum);
    expect(x->gradient, 1, 1, 1 / sum - 1);
    expect(x->gradient, 1, 2, exp(-13) / sum);
    fixture_close(&f);
}

/* ---- beside PyTorch ---- */

static void a_cross_entropy_has_the_numbers_of_pytorch(void **state)
{
    static const struct {
        cz_entropy_terms terms;
        const double *loss, *gradient;
    } known[] = {
        { { .total = 0 }, entropy_plain, entropy_plain_dx },
        { { .class_weight = entropy_weight }, entropy_weighted, entropy_weighted_dx },
        { { .smoothing = 0.1 }, entropy_smoothed, entropy_smoothed_dx },
        { { .class_weight = entropy_weight, .smoothing = 0.25 }, entropy_both, entropy_both_dx },
        { { .focal = 2 }, entropy_focal, entropy_focal_dx },
        { { .class_weight = entropy_weight, .focal = 0.5 },
          entropy_focal_weighted,
          entropy_focal_weighted_dx },
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        fixture f;
        fixture_open(&f);
        f.run.record = true;
        cz_tensor *x = give_watched(&f, entropy_logits, ENTROPY_ROWS, CLASSES);
        cz_tensor *loss = cz_cross_entropy(&f.run, x, entropy_labels, &known[i].terms);
        cz_run_backward(&f.run, loss);
        expect_all(loss, known[i].loss);
        expect_all(x->gradient, known[i].gradient);
        fixture_close(&f);
    }
}

static void a_binary_entropy_has_the_numbers_of_pytorch(void **state)
{
    static const float weight[] = { 0.5f, 2.75f, 1 };
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        fixture f;
        fixture_open(&f);
        f.run.record = true;
        cz_tensor *x = give_watched(&f, binary_logits, 5, 3);
        cz_tensor *loss = cz_binary_entropy(&f.run, x, give(&f, binary_targets, 5, 3),
                                            weighted ? weight : NULL, 0);
        cz_run_backward(&f.run, loss);
        expect_all(loss, weighted ? binary_weighted : binary);
        expect_all(x->gradient, weighted ? binary_weighted_dx : binary_dx);
        fixture_close(&f);
    }
}

static void a_divergence_has_the_numbers_of_pytorch(void **state)
{
    (void)state;
    for (int warm = 0; warm < 2; warm++) {
        fixture f;
        fixture_open(&f);
        f.run.record = true;
        cz_tensor *x = give_watched(&f, divergence_logits, 4, 5);
        cz_tensor *loss =
            cz_divergence(&f.run, x, give(&f, divergence_teacher, 4, 5), warm ? 2.5 : 1, 0);
        cz_run_backward(&f.run, loss);
        expect_all(loss, warm ? divergence_warm : divergence_cold);
        expect_all(x->gradient, warm ? divergence_warm_dx : divergence_cold_dx);
        fixture_close(&f);
    }
}

static void scores_of_attention_have_the_numbers_of_pytorch(void **state)
{
    static const size_t begin[] = { 0, 3 }, length[] = { 3, 1 };
    const cz_packing packing = { 2, begin, length, 3 };
    const cz_attention_shape own = { .heads = 2, .head_size = 2, .scale = 0.75 };
    const cz_attention_shape other = { .heads = 2, .head_size = 3, .scale = 0.5 };
    const cz_attention_shape more = { .heads = 3, .head_size = 2, .scale = 0.5 };
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = give_watched(&f, attention_own, 4, 12);
    cz_tensor *teacher = give(&f, attention_teacher, 4, 12);
    cz_tensor *loss = cz_attention_error(&f.run, &packing, x, &own, teacher, &other, 0);
    cz_run_backward(&f.run, loss);
    expect_all(loss, attention);
    expect_all(x->gradient, attention_dx);
    cz_attention_error(&f.run, &packing, x, &own, teacher, &more, 0);
    assert_int_equal(f.run.error.status, CLOZE_ERROR_ARGUMENT);
    cz_run_reset(&f.run);
    fixture_close(&f);
}

/* The gradient of what was made of x and y, by the sum of its elements times fixed numbers. */
static void walk_back(fixture *f, cz_tensor *out, const double *way)
{
    cz_tensor *gradient = cz_run_gradient(&f->run, out);
    size_t count = out->rows * out->columns;
    assert_non_null(gradient);
    memcpy(gradient->data, in_type(f, way, count), count * cz_type_size(gradient->type));
    cz_run_walk_back(&f->run);
}

static void a_cosine_has_the_numbers_of_pytorch_below_its_bound_too(void **state)
{
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = give_watched(&f, cosine_x, 6, 3), *y = give_watched(&f, cosine_y, 6, 3);
    cz_tensor *out = cz_cosine(&f.run, x, y);
    walk_back(&f, out, cosine_way);
    expect_all(out, cosine_out);
    expect_all(x->gradient, cosine_dx);
    expect_all(y->gradient, cosine_dy);
    fixture_close(&f);
}

static void a_product_has_the_numbers_of_pytorch(void **state)
{
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = give_watched(&f, product_x, 2, 3), *y = give_watched(&f, product_y, 4, 3);
    cz_tensor *out = cz_product(&f.run, x, y);
    walk_back(&f, out, product_way);
    expect_all(out, product_out);
    expect_all(x->gradient, product_dx);
    expect_all(y->gradient, product_dy);
    fixture_close(&f);
}

/* Parts of a batch, divided by the whole's total, add up to the whole. */
static void a_total_from_outside_takes_the_place_of_the_own(void **state)
{
    const cz_entropy_terms weighted = { .class_weight = entropy_weight, .total = 20 };
    const double own = 1 + 0.5 + 3.25 + 2 + 0.5;
    double gradient[ENTROPY_ROWS * CLASSES];
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = give_watched(&f, entropy_logits, ENTROPY_ROWS, CLASSES);
    cz_tensor *loss = cz_cross_entropy(&f.run, x, entropy_labels, &weighted);
    cz_run_backward(&f.run, loss);
    expect(loss, 0, 0, entropy_weighted[0] * own / 20);
    for (size_t i = 0; i < ENTROPY_ROWS * CLASSES; i++)
        gradient[i] = entropy_weighted_dx[i] * own / 20;
    expect_all(x->gradient, gradient);
    cz_tensor *y = give_watched(&f, squared_x, 3, 2);
    loss = cz_squared_error(&f.run, y, give(&f, squared_target, 3, 2), 1.5);
    cz_run_backward(&f.run, loss);
    expect(loss, 0, 0, squared[0] * 6 / 1.5);
    for (size_t i = 0; i < 6; i++)
        gradient[i] = squared_dx[i] * 6 / 1.5;
    expect_all(y->gradient, gradient);
    fixture_close(&f);
}

/* ---- at the ends ---- */

/* What no label asks for may be minus infinity; rows whose classes weigh nothing give no loss. */
static void forbidden_classes_and_weights_of_zero_are_no_accident(void **state)
{
    const int64_t labels[] = { 1, 1 };
    const float nothing[] = { 1, 0, 1 }, some[] = { 0, 1, 1 };
    const cz_entropy_terms none = { .class_weight = nothing },
                           smooth = { .class_weight = some, .smoothing = 0.5 };
    double logits[] = { -(double)INFINITY, 2, 2, -(double)INFINITY, 1, 1 };
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = give_watched(&f, logits, 2, 3);
    expect(cz_cross_entropy(&f.run, x, labels, NULL), 0, 0, log(2));
    expect(cz_cross_entropy(&f.run, x, labels, &smooth), 0, 0, log(2) * (0.5 + 0.5 * 2 / 3));
    cz_tensor *loss = cz_cross_entropy(&f.run, x, labels, &none);
    cz_run_backward(&f.run, loss);
    expect(loss, 0, 0, 0);
    for (size_t i = 0; i < 6; i++)
        expect(x->gradient, i / 3, i % 3, 0);
    fixture_close(&f);
}

/* Nobody is asked, nothing is learned. */
static void targets_that_do_not_count_give_no_loss(void **state)
{
    double logits[] = { 1, 2 }, targets[] = { NOT_THERE, NOT_THERE }, half[] = { NOT_THERE, 1 };
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = give_watched(&f, logits, 1, 2);
    expect(cz_binary_entropy(&f.run, x, give(&f, half, 1, 2), NULL, 4), 0, 0, log1p(exp(-2)) / 4);
    cz_tensor *loss = cz_binary_entropy(&f.run, x, give(&f, targets, 1, 2), NULL, 0);
    cz_run_backward(&f.run, loss);
    expect(loss, 0, 0, 0);
    expect(x->gradient, 0, 0, 0);
    expect(x->gradient, 0, 1, 0);
    fixture_close(&f);
}

/* A class that the teacher forbids adds nothing; a student like its teacher has no loss at all. */
static void a_teacher_may_forbid_a_class(void **state)
{
    double logits[] = { 5, 1, 1, 300, 200, 3 };
    double teacher[] = { -(double)INFINITY, 2, 2, 300, 200, 3 };
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = give_watched(&f, logits, 2, 3);
    cz_tensor *loss = cz_divergence(&f.run, x, give(&f, teacher, 2, 3), 2, 4);
    cz_run_backward(&f.run, loss);
    double all = exp(2) + 2; /* what the student gives, halved, over e^(1/2) */
    expect(loss, 0, 0, log(all / 2));
    expect(x->gradient, 0, 0, 0.5 * exp(2) / all);
    expect(x->gradient, 0, 1, 0.5 * (1 / all - 0.5));
    for (size_t c = 0; c < 3; c++)
        expect(x->gradient, 1, c, 0);
    fixture_close(&f);
}

/* A label that has everything: (1 - p)^focal of a p that rounds to one. */
static void a_focal_loss_of_the_sure_is_nothing(void **state)
{
    const int64_t label = 0;
    const cz_entropy_terms root = { .focal = 0.5 }, square = { .focal = 2 };
    double sure[] = { 2000, 0 }, half[] = { 3, 3 };
    fixture f;
    (void)state;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *x = give_watched(&f, sure, 1, 2), *y = give_watched(&f, half, 1, 2);
    cz_tensor *loss = cz_cross_entropy(&f.run, x, &label, &root);
    cz_run_backward(&f.run, loss);
    expect(loss, 0, 0, 0);
    expect(x->gradient, 0, 0, 0);
    expect(x->gradient, 0, 1, 0);
    loss = cz_cross_entropy(&f.run, y, &label, &square);
    cz_run_backward(&f.run, loss);
    expect(loss, 0, 0, log(2) / 4);
    expect(y->gradient, 0, 1, (0.25 + log(2) / 2) / 2); /* (u^2 + 2 p u nll) p */
    fixture_close(&f);
}

/* ---- what is refused ---- */

static void terms_that_make_no_sense_are_refused(void **state)
{
    static const float negative[] = { 1, -1, 1, 1 }, infinite[] = { 1, 1, 1, INFINITY };
    static const struct {
        cz_entropy_terms terms;
        const char *told;
    } wrong[] = {
        { { .smoothing = 1.5 }, "smoothing of 1.5" },
        { { .smoothing = -0.1 }, "smoothing of -0.1" },
        { { .smoothing = (double)NAN }, "smoothing" },
        { { .focal = -1 }, "focal exponent of -1" },
        { { .focal = (double)INFINITY }, "focal" },
        { { .focal = 2, .smoothing = 0.1 }, "do not go together" },
        { { .total = -1 }, "total of -1" },
        { { .total = (double)NAN }, "total" },
        { { .class_weight = negative }, "class 1 is -1" },
        { { .class_weight = infinite }, "class 3 is inf" },
    };
    fixture f;
    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cz_run_reset(&f.run);
        f.used = 0;
        cz_tensor *x = give(&f, entropy_logits, ENTROPY_ROWS, CLASSES);
        assert_ptr_equal(cz_cross_entropy(&f.run, x, entropy_labels, &wrong[i].terms),
                         &f.run.empty);
        assert_int_equal(f.run.error.status, CLOZE_ERROR_ARGUMENT);
        assert_non_null(strstr(f.run.error.message, wrong[i].told));
    }
    cz_run_reset(&f.run);
    cz_tensor *x = give(&f, squared_x, 3, 2);
    cz_squared_error(&f.run, x, x, -2);
    assert_int_equal(f.run.error.status, CLOZE_ERROR_ARGUMENT);
    cz_run_reset(&f.run);
    fixture_close(&f);
}

static void refused(fixture *f, const cz_tensor *result, const char *told)
{
    assert_ptr_equal(result, &f->run.empty);
    assert_int_equal(f->run.error.status, CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(f->run.error.message, told));
    cz_run_reset(&f->run);
}

static void numbers_that_make_no_sense_are_refused(void **state)
{
    static const float negative[] = { 1, -1 };
    double good[] = { 0, 1, 0.5, 0 }, bad[] = { 0, 1, 1.5, 0 }, below[] = { 0, -0.1, 0, 0 };
    double cold[] = { 0, -1, (double)NAN, (double)INFINITY };
    fixture f;
    (void)state;
    fixture_open(&f);
#define GIVEN(numbers) give(&f, numbers, 2, 2)
    refused(&f, cz_binary_entropy(&f.run, GIVEN(good), GIVEN(bad), NULL, 0),
            "row 1, class 0 is 1.5");
    refused(&f, cz_binary_entropy(&f.run, GIVEN(good), GIVEN(below), NULL, 0), "row 0, class 1");
    refused(&f, cz_binary_entropy(&f.run, GIVEN(good), GIVEN(good), negative, 0), "class 1 is -1");
    refused(&f, cz_binary_entropy(&f.run, GIVEN(good), GIVEN(good), NULL, -1), "total of -1");
    refused(&f, cz_binary_entropy(&f.run, GIVEN(good), give(&f, good, 1, 2), NULL, 0), "1 x 2");
    refused(&f, cz_squared_error(&f.run, GIVEN(good), give(&f, good, 4, 1), 0), "4 x 1");
    refused(&f, cz_divergence(&f.run, GIVEN(good), give(&f, good, 1, 4), 1, 0), "1 x 4");
    refused(&f, cz_divergence(&f.run, GIVEN(good), GIVEN(good), 1, (double)NAN), "total");
    for (size_t i = 0; i < 4; i++)
        refused(&f, cz_divergence(&f.run, GIVEN(good), GIVEN(good), cold[i], 0), "temperature");
    refused(&f, cz_cosine(&f.run, GIVEN(good), give(&f, good, 1, 2)), "1 x 2");
    refused(&f, cz_product(&f.run, GIVEN(good), give(&f, good, 1, 3)), "rows of 3");
    fixture_close(&f);
#undef GIVEN
}

static void a_product_with_what_is_not_finite_fails_the_run(void **state)
{
    double good[] = { 1, 2 }, bad[] = { 1, (double)NAN };
    fixture f;
    (void)state;
    fixture_open(&f);
    cz_product(&f.run, give(&f, good, 1, 2), give(&f, bad, 1, 2));
    assert_int_equal(f.run.error.status, CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(f.run.error.message, "not finite"));
    cz_run_reset(&f.run);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_have_their_known_values),
        cmocka_unit_test(the_gradient_of_sharp_logits_keeps_its_digits),
        cmocka_unit_test(a_cross_entropy_has_the_numbers_of_pytorch),
        cmocka_unit_test(a_binary_entropy_has_the_numbers_of_pytorch),
        cmocka_unit_test(a_divergence_has_the_numbers_of_pytorch),
        cmocka_unit_test(scores_of_attention_have_the_numbers_of_pytorch),
        cmocka_unit_test(a_cosine_has_the_numbers_of_pytorch_below_its_bound_too),
        cmocka_unit_test(a_product_has_the_numbers_of_pytorch),
        cmocka_unit_test(a_total_from_outside_takes_the_place_of_the_own),
        cmocka_unit_test(forbidden_classes_and_weights_of_zero_are_no_accident),
        cmocka_unit_test(targets_that_do_not_count_give_no_loss),
        cmocka_unit_test(a_teacher_may_forbid_a_class),
        cmocka_unit_test(a_focal_loss_of_the_sure_is_nothing),
        cmocka_unit_test(numbers_that_make_no_sense_are_refused),
        cmocka_unit_test(a_product_with_what_is_not_finite_fails_the_run),
        cmocka_unit_test(terms_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests_name("reference", tests, on_reference, NULL) +
           cmocka_run_group_tests_name("cpu", tests, on_cpu, NULL);
}
