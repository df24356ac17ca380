/* reference_f32.c */
