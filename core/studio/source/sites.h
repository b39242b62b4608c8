/* sites.h - where an app calls a model, and where it calls its own functions. */
#pragma once
#include "core/studio/source/run.h"

typedef enum {
    SITE_MODELS, /* ai.models.generateContent({model, contents, config}) */
    SITE_MODEL,  /* model.generateContent(contents), the model being made elsewhere */
    SITE_CHAT,   /* chat.sendMessage({message}) */
    SITE_IMAGES, /* ai.models.generateImages({model, prompt, config}) */
    SITE_INTERACTION,
    SITE_MESSAGES, /* OpenAI: chat.completions.create({model, messages, ...}) */
    SITE_PROMPT,   /* OpenAI: images.generate({model, prompt}) */
    SITE_TEXT,     /* Vercel's: generateText({model: google("..."), system, prompt or messages, schema}) */
    SITE_POST,     /* fetch, axios, requests: an address and a body */
    SITE_SKIP,     /* nothing that a prompt could be made of */
} tm_site_kind;

typedef struct {
    tm_site_kind kind;
    const char *api; /* static */
    const char *why; /* SKIP: static */
    tm_code *call;
} tm_site;

/* The calls of models in a file, in its order. (transfer full) */
GArray *tm_sites_find(tm_project *project, tm_code_file *source);
/* The calls of a function of the app, in all its files: CALL nodes. (transfer full) */
GPtrArray *tm_sites_of(tm_project *project, tm_code *function);
/* What a function is called by: its own name, or that of what it is assigned to; NULL. */
const char *tm_sites_name(const tm_code *function);
/* The file's chats.create or startChat, if there is just one there, or just one in the app. */
tm_code *tm_sites_chat(tm_project *project, tm_code_file *source);
