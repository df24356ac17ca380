/* reference_f64.c */
