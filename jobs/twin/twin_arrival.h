/* twin_arrival.h - one request on its way through the judge: what the files of the twin share. */
#pragma once
#include "jobs/twin/twin_account.h"
#include "jobs/twin/twin_answer.h"
#include "jobs/twin/twin_refusal.h"

struct tm_twin {
    int64_t latency_ms, jitter_ms;
    uint64_t seed;
    GPtrArray *accounts;          /* of tm_twin_account */
    const tm_twin_preset *preset; /* that /v1 speaks as before the key is known */
    tm_twin_log log;
    void *log_data;
};

/* The wire of a path. */
typedef enum {
    TM_TWIN_NATIVE,     /* Gemini's own */
    TM_TWIN_OPENAI,     /* OpenAI's, at an account of such a service */
    TM_TWIN_COMPATIBLE, /* OpenAI's, at Gemini */
} tm_twin_wire;

typedef struct {
    tm_twin *twin;
    const tm_twin_request *request;
    int64_t wall_ms;
    const char *op;    /* as the log names it */
    tm_twin_form form; /* how its answer is written */
    tm_twin_wire wire;
    bool wrong_method;                      /* at a path that there is, of OpenAI's wire */
    const tm_twin_preset *preset;           /* of an OpenAI wire */
    tm_twin_account *account;               /* NULL until the key is known to be good */
    char *version, *model, *method, *query; /* of the path; NULL where absent */
    const char *class;                      /* as the log names it */
    int64_t tokens;                         /* that count to the minute's */
    int64_t input;                          /* tokens of the prompt */
    int64_t nth;
    tm_twin_violation bound; /* of a refusal: the limit that it waits longest for */
    GString *text;           /* the last user text; NULL: none */
    tm_twin_reply *reply;
} tm_twin_arrival;

/* twin_path.c */

/* What the path and method ask for; false: nothing that there is, and the reply is filled in. */
bool tm_twin_read_path(tm_twin_arrival *a);
/* A member of the path's query, unescaped; NULL: absent. (transfer full) */
char *tm_twin_query(const tm_twin_arrival *a, const char *name);

/* twin_admit.c */

/* Lets a request in or refuses it, by the faults of the day, the account's limits and its credit; counts it.
 * False: the reply is filled in. *fault: what is wrong with the answer all the same. */
bool tm_twin_admit(tm_twin_arrival *a, const json_t *body, tm_twin_fault *fault);
/* "ok", or what the log calls an answer with that fault. */
const char *tm_twin_class_of_answer(tm_twin_fault fault);

/* twin_generate.c */

/* Numbers a read generate request, and notes its text and tokens. */
void tm_twin_arrive(tm_twin_arrival *a, const json_t *body);
void tm_twin_judge_generate(tm_twin_arrival *a);
void tm_twin_judge_count(tm_twin_arrival *a);

/* twin_openai.c: the paths of OpenAI's wire */

void tm_twin_judge_openai(tm_twin_arrival *a);

/* twin_openai_refusal.c */

/* The body of an error in the shape of the preset; the texts may be NULL but `message`. (transfer full) */
GString *tm_twin_openai_error(const tm_twin_arrival *a, int http, const char *message, const char *type,
                              const char *param, const char *code);
/* 400 of a parameter; `code` may be NULL. */
void tm_twin_refuse_parameter(tm_twin_arrival *a, const char *param, const char *code, const char *words);
/* Says in the preset's words what has been refused as `class`. */
void tm_twin_refusal_to_openai(tm_twin_arrival *a);

/* twin_rate.c */

/* Adds what the preset tells of its limits in headers. */
void tm_twin_add_rates(tm_twin_arrival *a);

/* twin_reply.c: fill the reply; bodies are taken over. */

void tm_twin_answer(tm_twin_arrival *a, int http, const char *class, GString *body);
void tm_twin_refuse(tm_twin_arrival *a, int http, const char *class, const char *status, const char *message);
void tm_twin_bad_request(tm_twin_arrival *a, const char *message);
void tm_twin_html(tm_twin_arrival *a, int http, const char *class, const char *title);
/* 404 of a server that has no such path, in plain text. */
void tm_twin_no_path(tm_twin_arrival *a);
void tm_twin_answer_json(tm_twin_arrival *a, json_t *value);
void tm_twin_add_header(tm_twin_arrival *a, const char *name, const char *value);
