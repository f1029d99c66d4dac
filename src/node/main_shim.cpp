// The shim as a program of its own, for tests; users get it as `slipway shim`.
#include "node/shim/shim.h"

int main(int argc, char** argv) { return slipway::node::shim_main(argc, argv); }
