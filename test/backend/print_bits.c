/*
 * print_bits.c - the hash of every case on one instruction set, a line each: for comparing machines
 * (tools/check_neon.sh). usage: print_bits ISA
 */
#include "bits.h"

#include <stdio.h>

int main(int count, char **arguments)
{
    const void *kernels = cz_cpu_kernels(count > 1 ? arguments[1] : NULL);
    int faults = 0;
    if (!kernels) {
        fprintf(stderr, "print_bits: no such instruction set here\n");
        return 2;
    }
    for (size_t i = 0; i < bits_count(); i++) {
        char name[80];
        bits_result found = bits_run(i, kernels, NULL, name);
        printf("%016llx %s%s%s\n", (unsigned long long)found.hash, name, found.fault ? ": " : "",
               found.fault ? found.fault : "");
        faults += found.fault != NULL;
    }
    return faults != 0;
}
