/* The program's arguments. */
#ifndef GS_LIBC_ARGS_H
#define GS_LIBC_ARGS_H

/* Their count, and a NULL-terminated array that is never freed; negative when
 * there is no memory. Never parks. */
int gs__args(char ***argv);

#endif
