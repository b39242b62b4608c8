/* main.c - finds the command and runs it. */
#include <stdio.h>

int main(void)
{
    puts("tidemill " TM_VERSION);
    return 0;
}
