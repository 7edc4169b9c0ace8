/* A .env file: variables for a program on this machine, so that keys need not stand on a command
 * line or in a shell's history.
 *
 *     # a comment
 *     AWS_REGION=eu-west-1
 *     export TABLE_NAME='user-data-table'   # quotes are taken off
 *     GREETING="two\nlines"                 # \n \r \t \" \\ and \$ in double quotes alone
 *
 * Nothing is substituted or run.
 */
#ifndef DEPLOY_LOCAL_ENV_FILE_H
#define DEPLOY_LOCAL_ENV_FILE_H

#include "base/err.h"
#include "deploy/local/child_env.h"

enum { ENV_FILE_MAX = 64 * 1024 };

/* Adds the variables of a text; what is set already stays. ERR_BUG with the line's number, never
 * with a byte of it. */
err env_file_add(struct child_env *env, str text, struct why *why) MUST_USE;
/* The same of the file at `path`. ERR_MISSING when there is none; ERR_BUG when it cannot be read or
 * is larger than ENV_FILE_MAX. */
err env_file_read(struct child_env *env, const char *path, struct why *why) MUST_USE;

#endif
