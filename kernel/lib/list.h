/*
 * Circular doubly linked lists whose links live inside the listed structs, as
 * in Linux. A list head and a link are the same struct; an empty list, or a
 * link on no list, points to itself. The caller holds whatever lock guards
 * the list.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) {&(name), &(name)}

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert_after(struct list *at, struct list *link)
{
	link->next = at->next;
	link->prev = at;
	at->next->prev = link;
	at->next = link;
}

/* At the front of the list. */
static inline void list_push(struct list *head, struct list *link)
{
	list_insert_after(head, link);
}

/* At the end of the list. */
static inline void list_append(struct list *head, struct list *link)
{
	list_insert_after(head->prev, link);
}

/* Off its list; the link is then on none, so a second call does no harm. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

#define list_entry(link, type, member) container_of(link, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)

#define list_for_each(pos, head, member)                                   \
	for (pos = list_first(head, __typeof__(*pos), member);             \
	     &pos->member != (head);                                       \
	     pos = list_first(&pos->member, __typeof__(*pos), member))

/* The body may remove pos from the list. */
#define list_for_each_safe(pos, tmp, head, member)                         \
	for (pos = list_first(head, __typeof__(*pos), member),             \
	    tmp = list_first(&pos->member, __typeof__(*pos), member);      \
	     &pos->member != (head);                                       \
	     pos = tmp, tmp = list_first(&tmp->member, __typeof__(*tmp), member))

#endif
