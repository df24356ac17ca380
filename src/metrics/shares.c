/* shares.c - how far a share that was counted may be from the truth. */
#include <cloze/metrics.h>

#include <math.h>

void cloze_share_interval(size_t hits, size_t count, double interval[2])
{
    const double z = 1.959963984540054, n = (double)count, k = (double)hits;
    interval[0] = 0;
    interval[1] = 1;
    if (!count)
        return;
    double middle = (k + z * z / 2) / (n + z * z);
    double half = z / (n + z * z) * sqrt(k * (n - k) / n + z * z / 4);
    if (hits)
        interval[0] = middle - half;
    if (hits < count)
        interval[1] = middle + half;
}
