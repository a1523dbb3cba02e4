"""Frames of COLOUR and GREY in compressions for which no encoder is installed, made with imagecodecs 2026.3.6."""

import base64
import zlib


def _frame(text: str) -> bytes:
    return zlib.decompress(base64.b85decode(text))


JPEG_LS_COLOUR = _frame(
    "c-s4a<Npf=h2Q{BH#Y_*1_ovZ1_lElcHrV*V`N}p)B$0j3J#zc<Nq7~zcUDO02MeeGYT>=2{JGXGW@^Az{AW4)C<(g#Ly}DylQP-O-=0g>v4Op"
    "$CeUC0Srq{=4ys*-Mzd1KPIdTGXGzX9sXWYk4tLveOxlX=HoPOKQ5W?IPLk1OX7buPMLC?GX6Ma<Z;RTBf|mtIA!cf_a|=O#1F8WN8u=>J^c6o"
    "CII%JvzG"
)
JPEG_LS_GREY = _frame(
    "c-s4a<Npf=h2Q{BH#Y_*1_nk31_lElcHrV*1F{))Kp3ck11QG$|Hl9C4BQ+*1rCgif(-v}F>o+~G%(D)TVML`cK-i*1pE{ZWmUq2N?}s>k=2bt"
    "dci;cZvp^}xk`x"
)
LOSSLESS_GREY = _frame("c-s4a<Npx`F$P9PMg|nX%<=y)12+eQ0fPf0gCN8ITMQgP6>JO)=f5n~^a`3nkO*KH1p@;9-vj{AKpOJ")
LOSSLESS_COLOUR = _frame(
    "c-s4a<NrGbKF5^&q*R6!1`zmvm_d+(!GOVmIY^MfU68>^km3Ik25|-kW<~}Sz{Je){}uxea}a|&gA)T#^8C;L4E7hYcpX=mvMsnG)f_-Qro`%i"
    "QFBMl9W{5<+);B!%^fv&)Z9^XN6j5IchuZbb4Se`HFwlpFjM;fO#t^L6io"
)
LOSSLESS_GREY_12 = _frame(
    "c-s4a<NpH&0WUXCHwH#V1_nkTWcYuWft!cHfWd*0QIO&P5e6}!6i^rmuru)dzs1182v&anUqeGv11cs(pix0VVF4N@MZklDLxTeqlOiC*#Kgsf"
    "ib)Y*8TI_A=SMw1>iJR6k9vO8^P`?0_57&khmYsk|K9`vmW+UF"
)
JPEG_GREY_12 = _frame(
    "c-s4a<NpH&0WUXCHwH#V1_nkTWcYuZ!5PS-4E#UHz|F&8z~I2hD9G^t2!j~NL<VHQ%g+ZCR}^4iU}a%qMv`FTc0a<xUesn-XtZ(D|62?kAdU76"
    "hntq&IFu6AB_QCtvE{^85e1pq*}Q9xad4>JI-G6T#Q1XC&xpA0x|dEsmcfi^i&~g3=RQ05CF<ug4)$f&4!)jv#4gnAn6T27fQF{r9yQk$3mKl="
    "j>t_jaBwucCLP%$!0)^L)S)lY-@SmWjV(ujHptD+H{)M){j7n5t=TsIm_Ef%E4LZU6kF87BAk<Gr0dGT4zZhwbK8bnXA&B!a`%OaFS@@g0Lbc5"
    "Qw7@a<#y$UTCshZK<91UQ1zsce=5}R3bT_rCuV6lSVHU;@ZH*WEtv)A<WC#+iv7I=bbL;tA;^Yhx6d}e*!tNA=%}^L*OfbJRzV!k$Z}i4r#sMz"
    "@g&6Vrrb4Vn<YR_p4$3i`@1PXRx)QN&<0zxdpYv1>t}(Smm{}R#`$S5#PJ+zknrS#*v%rGo49qxL7<as*66$LF9A7T!pA!h6rP_Ge(Ba+20AZ0"
    ";p>UV|8D{Sieks<"
)
