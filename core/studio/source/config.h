/* config.h - the settings of a call, its model and its schema become those of a draft. */
#pragma once
#include "core/studio/draft.h"
#include "core/studio/source/request.h"

void tm_config_read(tm_draft *draft, tm_run *run, const tm_request *request);
