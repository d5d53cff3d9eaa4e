/* An fdatasync that does nothing. It is preloaded into the run that must lose data. */
int fdatasync(int fd) {
    (void)fd;
    return 0;
}
