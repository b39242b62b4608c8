/* model_default.h - the model that an app begins with, where a call takes it from settings or from the
 * screen. */
#pragma once
#include "core/studio/source/project.h"
#include "core/studio/source/value.h"

/* What the app's source gives to a name like that of `model` (config.textModel: {textModel: "gemini-..."}),
 * or the only model that it gives to any such name. (transfer full) or NULL */
char *tm_model_default(const tm_project *project, const tm_value *model);
