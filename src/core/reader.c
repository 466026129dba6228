/* reader.c -- see reader.h. */
#include "core/reader.h"

void rm_reader_add(rm_reader *reader, rm_tensor *t) {
  rm_reader **list = &t->storage->readers;
  reader->tensor = rm_tensor_retain(t);
  reader->next = *list;
  reader->link = list;
  if (reader->next) reader->next->link = &reader->next;
  *list = reader;
}

void rm_reader_remove(rm_reader *reader) {
  rm_tensor *t = reader->tensor;
  if (!t) return;
  *reader->link = reader->next;
  if (reader->next) reader->next->link = reader->link;
  reader->tensor = NULL;
  rm_tensor_release(t);
}

/* From the start each time: settling one may remove others, and memory that runs out meanwhile may have
 * results collected that nobody looks at any more. */
rm_status rm_settle_elements(const rm_tensor *t, rm_error *err) {
  rm_reader *r = t->storage->readers;
  while (r) {
    bool concerned = r->elements;
    if (concerned) RM_TRY(r->settle(r, err));
    r = concerned ? t->storage->readers : r->next;
  }
  return RM_OK;
}

rm_status rm_settle_requirement(const rm_tensor *t, rm_error *err) {
  rm_reader *r = t->storage->readers;
  while (r) {
    bool concerned = r->requirement && r->tensor == t;
    if (concerned) RM_TRY(r->settle(r, err));
    r = concerned ? t->storage->readers : r->next;
  }
  return RM_OK;
}
