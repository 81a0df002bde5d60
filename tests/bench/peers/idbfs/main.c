/* Nothing: what is measured is Emscripten's file system, which the page calls
 * from JavaScript. */
int main(void) { return 0; }
