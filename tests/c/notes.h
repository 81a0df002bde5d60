/* What happened in a test, in order, as letters. */
#ifndef GS_TESTS_NOTES_H
#define GS_TESTS_NOTES_H

extern char log_text[128];

void clear_log(void);
void note(char letter);
/* The same for what runs in a goroutine: note_letter("a"). */
void note_letter(void *letter);

#endif
