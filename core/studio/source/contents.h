/* contents.h - what a call sends becomes the turns of a draft. */
#pragma once
#include "core/studio/source/emit.h"
#include "core/studio/source/request.h"

/* System text, history, contents. What can't be said is told in the draft's `unresolved`. */
void tm_contents_read(tm_draft *draft, tm_emit *emit, const tm_request *request);
