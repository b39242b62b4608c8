/* title.h - what a prompt of an app is called: after the function that asks it. */
#pragma once
#include "core/studio/source/code.h"

/* "generateStory" -> "generate-story"; a function with an everyday name gets the file's before it. (transfer
 * full)
 */
char *tm_title_of(const tm_code *call);
/* After the file alone. (transfer full) */
char *tm_title_of_file(const tm_code_file *source);
