target_link_libraries(slipway_view PRIVATE PkgConfig::RE2)
