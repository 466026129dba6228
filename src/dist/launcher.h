/* launcher.h -- who started this process: mpirun and its like say so in the environment. */
#ifndef RM_DIST_LAUNCHER_H
#define RM_DIST_LAUNCHER_H

#include "dist/transport.h"
#include "base/status.h"

/* How many processes the launcher says it started; 1 where there is none. */
int rm_launcher_size(void);
/* What this process is among them, by the same; 0 where there is none. */
int rm_launcher_rank(void);

/* Loads the plugin of the launcher's library and joins the others. Programs that this one starts are not of the world:
 * the launcher's words are taken out of the environment. */
rm_status rm_launcher_join(rm_transport *out, rm_error *err);

#endif
