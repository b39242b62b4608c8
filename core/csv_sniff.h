/* csv_sniff.h - which byte splits the cells of a CSV file? */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* The delimiter among , ; tab | of the file that begins with these bytes (`last`: it ends with them, too): it
 * must split the header; of several it is the one that gives most records as many cells as the header, a
 * quote that makes no sense being a record that does not agree; then the one that fewest blanks follow. -1:
 * none splits the header, a line is one cell. */
int tm_csv_sniff(const char *bytes, size_t n, bool last, bool no_header);
