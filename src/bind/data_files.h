/* data_files.h -- looking at files and folders, in the table `imaging` of the core. */
#ifndef RM_BIND_DATA_FILES_H
#define RM_BIND_DATA_FILES_H

#include <lua.h>

void bind_add_data_files(lua_State *L); /* into the table on top of the stack */

#endif
