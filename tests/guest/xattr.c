/*
 * getxattr, listxattr and their relatives, by a name that no file system knows (the one below the
 * test may have others).
 *
 * From getxattr(2), listxattr(2), xattr(7).
 */
#include "check.h"
#include <sys/xattr.h>

int main(void)
{
	char value[16];
	int fd, path_fd;

	make_file("xattr.tmp", 0644, "", 0);
	MUST(symlink("gone.tmp", "xlink.tmp"));
	fd = MUST(open("xattr.tmp", O_RDONLY));
	path_fd = MUST(open("xattr.tmp", O_PATH));

	VALUE(getxattr("xattr.tmp", "tine.a", value, sizeof(value)));
	VALUE(lgetxattr("xattr.tmp", "tine.a", value, sizeof(value)));
	VALUE(fgetxattr(fd, "tine.a", value, sizeof(value)));
	VALUE(getxattr("gone.tmp", "tine.a", value, sizeof(value)));
	VALUE(getxattr("xlink.tmp", "tine.a", value, sizeof(value)));
	VALUE(fgetxattr(-1, "tine.a", value, sizeof(value)));
	VALUE_OF("fgetxattr of O_PATH", fgetxattr(path_fd, "tine.a", value, sizeof(value)));

	VALUE(listxattr("xattr.tmp", value, sizeof(value)));
	VALUE(listxattr("xattr.tmp", NULL, 0));
	VALUE(listxattr("xlink.tmp", NULL, 0));
	VALUE(llistxattr("xlink.tmp", NULL, 0));
	VALUE(flistxattr(fd, NULL, 0));
	VALUE(flistxattr(-1, NULL, 0));
	VALUE_OF("flistxattr of O_PATH", flistxattr(path_fd, NULL, 0));

	close(fd);
	close(path_fd);
	MUST(unlink("xattr.tmp"));
	MUST(unlink("xlink.tmp"));
	return 0;
}
