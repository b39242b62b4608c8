/* twin_arrival.h - one request on its way through the judge: what the files of the twin share. */
#pragma once
#include "jobs/twin/twin.h"
#include "jobs/twin/twin_answer.h"
#include "jobs/twin/twin_refusal.h"

struct tm_twin {
    tm_twin_options options; /* own copies of all it points to */
    GArray *faults;
    GHashTable *uses; /* model -> tm_twin_use */
    GHashTable *keys; /* NULL: any but invalid-key */
    GHashTable *models;
    const char *const *openai_models; /* that the OpenAI paths have beside them; NULL: none */
    int64_t n_generate;
    tm_twin_log log;
    void *log_data;
};

typedef struct {
    tm_twin *twin;
    const tm_twin_request *request;
    int64_t wall_ms;
    const char *op;                         /* as the log names it */
    tm_twin_form form;                      /* how its answer is written */
    bool openai;                            /* a path of the OpenAI-compatible API */
    char *version, *model, *method, *query; /* of the path; NULL where absent */
    const char *class;                      /* as the log names it */
    int64_t tokens, nth;
    tm_twin_violation bound; /* of a 429: the first limit it names, and the wait */
    int64_t wait_ms;
    GString *text; /* the last user text; NULL: none */
    tm_twin_reply *reply;
} tm_twin_arrival;

/* twin_path.c */

/* What the path and method ask for; false: nothing that there is. */
bool tm_twin_read_path(tm_twin_arrival *a);
/* A member of the path's query, unescaped; NULL: absent. (transfer full) */
char *tm_twin_query(const tm_twin_arrival *a, const char *name);

/* twin_generate.c */

/* Judges a read generate request by its content, faults and limits. */
void tm_twin_generate(tm_twin_arrival *a, const json_t *body);
void tm_twin_judge_generate(tm_twin_arrival *a);
void tm_twin_judge_count(tm_twin_arrival *a);

/* twin_openai.c */

/* The same judged for /chat/completions. */
void tm_twin_judge_chat(tm_twin_arrival *a);
void tm_twin_judge_openai_models(tm_twin_arrival *a);

/* twin_openai_refusal.c */

/* Puts a refusal that is filled in already into OpenAI's shape. */
void tm_twin_refusal_to_openai(tm_twin_arrival *a);
/* The body of one; `param` and `code` may be NULL. (transfer full) */
GString *tm_twin_openai_refusal(const char *message, const char *type, const char *param, const char *code);

/* twin_reply.c: fill the reply; bodies are taken over. */

void tm_twin_answer(tm_twin_arrival *a, int http, const char *class, GString *body);
void tm_twin_refuse(tm_twin_arrival *a, int http, const char *class, const char *status, const char *message);
void tm_twin_bad_request(tm_twin_arrival *a, const char *message);
void tm_twin_html(tm_twin_arrival *a, int http, const char *class, const char *title);
void tm_twin_answer_json(tm_twin_arrival *a, json_t *value);
