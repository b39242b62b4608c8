# tm_embed(FILE NAME): NAME.h in the build folder with FILE's bytes as `static const unsigned char NAME[]`.
function(tm_embed file name)
  set(script ${CMAKE_SOURCE_DIR}/cmake/embed_file.cmake)
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/${name}.h
    COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_SOURCE_DIR}/${file} -DNAME=${name}
            -DOUT=${CMAKE_BINARY_DIR}/${name}.h -P ${script}
    DEPENDS ${CMAKE_SOURCE_DIR}/${file} ${script}
    VERBATIM)
endfunction()
