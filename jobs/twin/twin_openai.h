/* twin_openai.h - requests of OpenAI's wire, read as strictly as OpenAI reads them. Functions that give a
 * bool have filled in the refusal where they give false. */
#pragma once
#include "jobs/twin/twin_arrival.h"

/* twin_openai_field.c */

typedef enum {
    TM_FIELD_OF_TEXT,
    TM_FIELD_OF_FLAG,
    TM_FIELD_OF_WHOLE,
    TM_FIELD_OF_DECIMAL,
    TM_FIELD_OF_LIST,
    TM_FIELD_OF_OBJECT,
    TM_FIELD_OF_ANYTHING
} tm_twin_openai_kind;

/* A member of a request. */
typedef struct {
    const char *name; /* NULL ends a table */
    tm_twin_openai_kind kind;
    double least, most;        /* of numbers, if least < most */
    const char *const *values; /* of a text; NULL: any */
} tm_twin_openai_field;

/* Are all members known, and of their types and bounds? `place`: "", or what stands before a member's name
 * ("messages[0]."). Members that are null count as absent and are removed. */
bool tm_twin_openai_fields(tm_twin_arrival *a, json_t *object, const char *place,
                           const tm_twin_openai_field *fields);

/* twin_openai_parameter.c */

/* The parameters of a chat request, what its model takes of them, and how they stand together. */
bool tm_twin_openai_parameters(tm_twin_arrival *a, json_t *chat);
/* Does the model think, by its name? */
bool tm_twin_openai_reasons(const char *model);
/* How many tokens the answer may have; 0: the request does not say. */
int64_t tm_twin_openai_cap(const json_t *chat);

/* twin_openai_message.c: puts messages into a Gemini request's contents and systemInstruction */

bool tm_twin_openai_messages(tm_twin_arrival *a, json_t *messages, json_t *body);

/* twin_openai_part.c */

/* The parts of one message's content in Gemini's form. `place`: "messages[0]". NULL: refused. (transfer full)
 */
json_t *tm_twin_openai_parts(tm_twin_arrival *a, const json_t *content, const char *role, const char *place);

/* twin_openai_format.c */

/* response_format, as Gemini's responseMimeType and responseJsonSchema in `config`. */
bool tm_twin_openai_format(tm_twin_arrival *a, json_t *chat, json_t *config);
/* twin_openai_schema.c: what breaks the rules of a strict schema, in OpenAI's words; NULL: nothing.
 * (transfer full) */
char *tm_twin_openai_schema_flaw(const json_t *schema);

/* twin_openai_answer.c: the answer of a chat request `chat`, whose prompt is `body` in Gemini's form */

GString *tm_twin_openai_answer(tm_twin_arrival *a, const json_t *chat, const json_t *body,
                               tm_twin_fault fault);

/* twin_openai_chat.c, twin_openai_image.c, twin_openai_model.c: the operations */

/* Takes the request's body and its model. NULL: refused. (transfer full) */
json_t *tm_twin_openai_read(tm_twin_arrival *a);
bool tm_twin_openai_model(tm_twin_arrival *a, const char *name);
void tm_twin_judge_chat(tm_twin_arrival *a);
void tm_twin_judge_image(tm_twin_arrival *a);
void tm_twin_judge_openai_models(tm_twin_arrival *a);
void tm_twin_judge_openai_key(tm_twin_arrival *a);
