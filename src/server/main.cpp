// `slipway`: one program. The shim is the same binary, so that there is only one file to install.
#include <cstring>

#include "cli/cli.h"
#include "demo/story.h"
#include "node/shim/shim.h"
#include "server/commands.h"

int main(int argc, char** argv) {
  using namespace slipway;
  if (argc > 1 && std::strcmp(argv[1], "shim") == 0) return node::shim_main(argc - 1, argv + 1);
  cli::Backend backend{.up = server::up,
                       .down = server::down,
                       .controller = server::controller,
                       .standby = server::standby,
                       .gateway = server::gateway,
                       .node = server::node,
                       .image_import = server::image_import,
                       .image_list = server::image_list};
  backend.extra.push_back(
      {.name = "demo",
       .summary = "the story of a release on this machine, from a bare cluster to a verified rollback",
       .run = demo::run});
  return cli::run(argc, argv, backend);
}
