// `slipway demo`: the story from a bare machine to a verified rollback, told by what is observed from outside.
#pragma once

namespace slipway::demo {

// Exit code 0 only if every outcome was observed; 2 on wrong usage.
int main(int argc, char** argv);

}  // namespace slipway::demo
