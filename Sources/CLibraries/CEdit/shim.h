#pragma once
#include <histedit.h>
#include <locale.h>
#include <stdio.h>

// libedit is told everything through variadic functions, which Swift cannot call; here is one of fixed shape for each
// use. Text goes in and out as wchar_t, so that it does not depend on the locale's encoding.

typedef unsigned char (*cedit_key_function)(EditLine *, int);
typedef wchar_t *(*cedit_prompt_function)(EditLine *);

/// An editor on standard input that draws on standard error, or on standard output when `on_output` says so.
static inline EditLine *cedit_open(const char *program, int on_output) {
    setlocale(LC_CTYPE, "");
    return el_init(program, stdin, on_output ? stdout : stderr, stderr);
}

static inline void cedit_set_client(EditLine *editor, void *client) { el_wset(editor, EL_CLIENTDATA, client); }

static inline void *cedit_client(EditLine *editor) {
    void *client = NULL;
    el_wget(editor, EL_CLIENTDATA, &client);
    return client;
}

static inline void cedit_set_prompt(EditLine *editor, cedit_prompt_function prompt) {
    el_wset(editor, EL_PROMPT, prompt);
}

static inline void cedit_set_reader(EditLine *editor, el_rfunc_t reader) { el_wset(editor, EL_GETCFN, reader); }

/// The keys of Emacs, without the editor's own signal handlers, and the Tab key for `complete`.
static inline void cedit_set_keys(EditLine *editor, cedit_key_function complete) {
    el_wset(editor, EL_SIGNAL, 0);
    el_wset(editor, EL_EDITOR, L"emacs");
    el_wset(editor, EL_ADDFN, L"complete-name", L"complete the word before the cursor", complete);
    el_wset(editor, EL_BIND, L"^I", L"complete-name", NULL);
    el_wset(editor, EL_BIND, L"^R", L"em-inc-search-prev", NULL);
}

static inline void cedit_set_history(EditLine *editor, HistoryW *history, int size) {
    HistEventW event;
    history_w(history, &event, H_SETSIZE, size);
    history_w(history, &event, H_SETUNIQUE, 1);
    el_wset(editor, EL_HIST, history_w, history);
}

static inline void cedit_remember(HistoryW *history, const wchar_t *line) {
    HistEventW event;
    history_w(history, &event, H_ENTER, line);
}

/// Puts the terminal into editing mode. The library does so only after it has shown the prompt, and a Ctrl-D in between
/// would be lost.
static inline void cedit_begin(EditLine *editor) { el_wset(editor, EL_PREP_TERM, 1); }

/// Puts the terminal back into editing mode and draws the line again, after the process was stopped.
static inline void cedit_continue(EditLine *editor) {
    el_wset(editor, EL_PREP_TERM, 1);
    el_wset(editor, EL_REFRESH);
}
