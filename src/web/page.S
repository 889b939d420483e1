// The page's bytes, as the assembler finds them.
  .section .rodata
  .global camloop_page_begin, camloop_page_end
camloop_page_begin:
  .incbin "src/web/index.html"
camloop_page_end:
  .byte 0
  .section .note.GNU-stack, "", %progbits
