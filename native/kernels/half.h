/* Floats of 16 bits (IEEE 754 binary16), with F16C. */
#ifndef EDGEWAY_HALF_H
#define EDGEWAY_HALF_H

#include <stddef.h>
#include <stdint.h>

/* Rounds floats, a multiple of 8 of them, to 16 bits; those that are too large become the largest. */
void narrow(const float *from, uint16_t *to, size_t count);

/* The nearest. */
uint16_t halved(float value);

/* Whether 16 bits hold each of these. */
int hold_all(const float *values, size_t count);

#endif
