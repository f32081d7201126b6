"""The permission matrix: who sees what, and what every address answers to whom about what is in which state.

It is written down here and not worked out: nothing of it comes from app/permissions.py.
"""

# The author wrote the message that is asked for and nothing else; the translator and the moderator have their role in
# every forum but the one `elsewhere`, which the stranger moderates.
PEOPLE = ("visitor", "participant", "author", "stranger", "translator", "moderator", "admin")

# Whose eyes meet what was written. Of a message, `head` is what stands above its text, `who` the name of its author;
# whoever moderates sees in his figures whom of all who are registered he has not heard from.
#
#  state     what         V P A S T M D
WHO_SEES = """
   public    texts        + + + + + + +
   public    words        + + + + + + +
   public    head         + + + + + + +
   public    who          + + + + + + +
   public    hidden       . . + . . + +
   public    correction   + + + + + + +
   public    reason       + + + + + + +
   public    report       . + . . . + +
   pending   words        . . + . . + +
   pending   head         . . + . . + +
   pending   who          . . + + . + +
   pending   hidden       . . + . . + +
   pending   correction   . . + . . + +
   first     words        . . + . . + +
   first     head         . . + . . + +
   first     who          . . + + . + +
   returned  words        . . + . . + +
   returned  head         . . + . . + +
   returned  who          . . + + . + +
   returned  reason       . . + . . + +
   refused   words        . . + . . + +
   refused   head         . . + . . + +
   refused   who          . . + + . + +
   refused   withholding  . . + . . + +
   refused   reason       + + + + + + +
   withheld  words        . . + . . + +
   withheld  head         + + + + + + +
   withheld  who          + + + + + + +
   withheld  withholding  + + + + + + +
   withheld  reason       + + + + + + +
   withheld  correction   + + + + + + +
   withheld  report       . + . . . + +
   withdrawn words        . . + . . + +
   withdrawn head         + + + + + + +
   withdrawn who          + + + + + + +
   withdrawn correction   + + + + + + +
   draft     texts        . . . . + + +
   draft     words        . . . . + + +
   draft     head         . . . . + + +
   draft     who          . . + + + + +
   draft     reason       . . . . + + +
   closed    texts        + + + + + + +
   closed    words        + + + + + + +
   closed    head         + + + + + + +
   closed    who          + + + + + + +
   closed    reason       + + + + + + +
   archived  texts        + + + + + + +
   archived  words        + + + + + + +
   archived  head         + + + + + + +
   archived  who          + + + + + + +
   archived  reason       + + + + + + +
   elsewhere texts        + + + + + + +
   elsewhere words        + + + + + + +
   elsewhere head         + + + + + + +
   elsewhere who          + + + + + + +
   elsewhere reason       + + + + + + +
   elsewhere profile      . . + . . + +
   any       profile      . . + + . + +
   any       address      . . + . . . +
   any       secret       . . . . . . .
   any       buried       . . . . . . .
   site      staff        . . . . . + +
   site      address      . . . . . + +
   site      page         + + + + + + +
   site      listed       . . . + . + +
   site      log          . . . . . . +
   site      suspension   . . . . . . +
   site      own          . + . . . . .
   site      invited      . . . . . . +
   site      told         . + . . . . +
   site      failure      . . . . . . +
   site      mail         . . . . . . .
"""

# What a GET answers: + it is shown, > it leads on, ? sign in first, - may not, 0 nothing is there, x not any more,
# ! the link is not valid, w the worker makes it.
STATUS = {"+": 200, "w": 202, ">": 302, "?": 302, "-": 403, "0": 404, "x": 409, "!": 410}
ACTS = ("pin", "unpin", "lock", "unlock", "retitle", "refile", "move", "split", "merge")

OF_A_FORUM = """
                                                public   draft    closed   archived  elsewhere
   /forums/{forum}/                             +++++++  0000+++  +++++++  +++++++  +++++++
   /forums/{forum}/groups/                      +++++++  0000+++  +++++++  +++++++  +++++++
   /forums/{forum}/groups/{group}/              +++++++  0000+++  +++++++  +++++++  +++++++
   /forums/{forum}/groups/{group}/new/          ?++++++  ?000+++  ?xxxx++  ?xxxxxx  ?++++++
   /forums/{forum}/pages/{page}/                +++++++  0000+++  +++++++  +++++++  +++++++
   /forums/{forum}/latest/                      +++++++  0000+++  +++++++  +++++++  +++++++
   /forums/{forum}/record/                      +++++++  0000+++  +++++++  +++++++  +++++++
   /forums/{forum}/contributors/                +++++++  0000+++  +++++++  +++++++  +++++++
   /print/forums/{forum}/                       +++++++  0000+++  +++++++  +++++++  +++++++
   /print/forums/{forum}/groups/{group}/        +++++++  0000+++  +++++++  +++++++  +++++++
   /print/forums/{forum}.pdf                    wwwwwww  0000www  wwwwwww  wwwwwww  wwwwwww
   /print/forums/{forum}/groups/{group}.pdf     wwwwwww  0000www  wwwwwww  wwwwwww  wwwwwww
   /print/forums/{forum}/pages/{page}/          +++++++  0000+++  +++++++  +++++++  +++++++
   /print/forums/{forum}/record/                +++++++  0000+++  +++++++  +++++++  +++++++
   /print/forums/{forum}/contributions.csv      -----++  0000-++  -----++  +++++++  ---+--+
   /print/forums/{forum}/contributions.json     -----++  0000-++  -----++  +++++++  ---+--+
   /print/forums/{forum}/download/              +++++++  0000+++  +++++++  +++++++  +++++++
   /print/forums/{forum}/archive.zip            -----00  0000-00  -----00  0000000  ---0--0
   /forums/{forum}/deadlines.ics                +++++++  0000000  +++++++  +++++++  +++++++
   /feeds/forums/{forum}.atom                   +++++++  0000000  +++++++  +++++++  +++++++
   /attachments/{document_file}/{document_name} +++++++  0000+++  +++++++  +++++++  +++++++
   /follow/forums/{forum_id}/                   ?++++++  ?000+++  ?++++++  ?++++++  ?++++++
   /follow/groups/{group_id}/                   ?++++++  ?000+++  ?++++++  ?++++++  ?++++++
   /follow/questions/{question}/                ?++++++  ?000+++  ?++++++  ?++++++  ?++++++
   /moderation/forums/{forum}/annotations/      ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /moderation/summaries/forums/{forum_id}/     ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /moderation/summaries/groups/{group_id}/     ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /moderation/summaries/questions/{question}/  ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /moderation/follow-ups/forums/{forum_id}/    ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /moderation/follow-ups/questions/{question}/ ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /figures/forums/{forum}/                     ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /figures/forums/{forum}/time.svg             ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /figures/forums/{forum}/not-written.csv      ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /figures/forums/{forum}/unanswered.csv       ?----++  ?000-++  ?----++  ?----++  ?--+--+
   /admin/forums/{forum_id}/                    ?-----+  ?-----+  ?-----+  ?-----+  ?-----+
   /admin/forums/{forum_id}/edit/               ?-----+  ?-----+  ?-----+  ?-----+  ?-----+
   /admin/forums/{forum_id}/settings/           ?-----+  ?-----+  ?-----+  ?-----x  ?-----+
   /admin/forums/{forum_id}/groups/             ?-----+  ?-----+  ?-----+  ?-----x  ?-----+
   /admin/forums/{forum_id}/roles/              ?-----+  ?-----+  ?-----+  ?-----+  ?-----+
   /admin/groups/{group_id}/edit/               ?-----+  ?-----+  ?-----+  ?-----+  ?-----+
   /admin/questions/{question}/edit/            ?-----+  ?-----+  ?-----+  ?-----+  ?-----+
   /admin/notices/{notice}/edit/                ?-----+  ?-----+  ?-----+  ?-----+  ?-----+
   /admin/forum-pages/{page_id}/edit/           ?-----+  ?-----+  ?-----+  ?-----+  ?-----+
   /admin/documents/{document}/edit/            ?-----+  ?-----+  ?-----+  ?-----+  ?-----+
   /translate/forums/{forum_id}/fr/             ?---+-+  ?---+-+  ?---+-+  ?---+-+  ?-----+
   /translate/groups/{group_id}/fr/             ?---+-+  ?---+-+  ?---+-+  ?---+-+  ?-----+
   /translate/questions/{question}/fr/          ?---+-+  ?---+-+  ?---+-+  ?---+-+  ?-----+
   /translate/notices/{notice}/fr/              ?---+-+  ?---+-+  ?---+-+  ?---+-+  ?-----+
   /translate/forum-pages/{page_id}/fr/         ?---+-+  ?---+-+  ?---+-+  ?---+-+  ?-----+
   /translate/documents/{document}/fr/          ?---+-+  ?---+-+  ?---+-+  ?---+-+  ?-----+
"""

OF_A_TOPIC = """
                                                public   first    draft    closed   archived  elsewhere
   /topics/{topic}/                             +++++++  00+00++  0000+++  +++++++  +++++++  +++++++
   /topics/{topic}/reply/                       ?++++++  ?0+00++  ?000+++  ?xxxx++  ?xxxxxx  ?++++++
   /print/topics/{topic}/                       +++++++  00+00++  0000+++  +++++++  +++++++  +++++++
   /feeds/topics/{topic}.atom                   +++++++  0000000  0000000  +++++++  +++++++  +++++++
   /follow/topics/{topic}/                      ?++++++  ?0+00++  ?000+++  ?++++++  ?++++++  ?++++++
   /moderation/topics/{topic}/                  ?----++  ?0-00++  ?000-++  ?----++  ?----xx  ?--+--+
   /moderation/topics/{topic}/{act}/            ?----++  ?0-00++  ?000-++  ?----++  ?----xx  ?--+--+
"""

OF_A_MESSAGE = """
                                                public     draft      closed     archived   elsewhere
   /messages/{number}/                          +++++++    0000+++    +++++++    +++++++    +++++++
   /messages/{number}/history/                  +++++++    0000+++    +++++++    +++++++    +++++++
   /messages/{number}/edit/                     ?-+----    ?000---    ?-x----    ?-x----    ?-+----
   /messages/{number}/withdraw/                 ?-+----    ?000---    ?-x----    ?-x----    ?-+----
   /messages/{number}/report/                   ?+-++++    ?000+++    ?+-++++    ?x-xxxx    ?+-++++
   /print/messages/{number}/                    +++++++    0000+++    +++++++    +++++++    +++++++
   /moderation/messages/{number}/               ?----++    ?000-++    ?----++    ?----++    ?--+--+
   /moderation/follow-ups/messages/{number}/    ?----++    ?000-++    ?----++    ?----++    ?--+--+
   /topics/{topic}/reply/?to={number}&quote=1   ?++++++    ?000+++    ?xxxx++    ?xxxxxx    ?++++++
   /attachments/{file}/{file_name}              +++++++    0000+++    +++++++    +++++++    +++++++
"""

OF_A_HIDDEN_MESSAGE = """
                                                pending    first      returned   refused    withheld   withdrawn
   /messages/{number}/                          00+00++    00+00++    00+00++    00+00++    +++++++    +++++++
   /messages/{number}/history/                  00+00++    00+00++    00+00++    00+00++    --+--++    --+--++
   /messages/{number}/edit/                     ?0+00--    ?0+00--    ?0+00--    ?0x00--    ?-x----    ?-x----
   /messages/{number}/withdraw/                 ?0+00--    ?0+00--    ?0+00--    ?0x00--    ?-x----    ?-x----
   /messages/{number}/report/                   ?0-00--    ?0-00--    ?0-00--    ?0-00--    ?------    ?------
   /print/messages/{number}/                    00+00++    00+00++    00+00++    00+00++    +++++++    +++++++
   /moderation/messages/{number}/               ?0-00++    ?0-00++    ?0-00++    ?0-00++    ?----++    ?----++
   /moderation/follow-ups/messages/{number}/    ?0-0000    ?0-0000    ?0-0000    ?0-0000    ?----00    ?----00
   /topics/{topic}/reply/?to={number}&quote=1   ?000000    ?000000    ?000000    ?0x00xx    ?xxxxxx    ?xxxxxx
   /attachments/{file}/{file_name}              00+00++    00+00++    00+00++    00+00++    00+00++    00+00++
"""

# What answers the same whatever the state of a forum. The stranger moderates a forum too, and the administrator alone
# has a second step; the links are none that were ever sent. Where several addresses have one rule, one of them is here.
WITHOUT_LANGUAGE = """
                                                        always
   /                                                    >>>>>>>
   /healthz                                             +++++++
   /robots.txt                                          +++++++
   /favicon.ico                                         +++++++
   /apple-touch-icon.png                                +++++++
   /sitemap.xml                                         +++++++
   /sitemap/site.xml                                    +++++++
   /sitemap/topics-{part}.xml                           +++++++
   /static/{file}                                       +++++++
"""

OF_THE_SITE = """
                                                        always
   /                                                    +++++++
   /portal/                                             +++++++
   /archive/                                            +++++++
   /pages/{page}/                                       +++++++
   /search/                                             +++++++
   /print/pages/{page}/                                 +++++++
   /moderation/                                         ?--+-++
   /auth/sign-up/                                       +>>>>>>
   /auth/sign-in/                                       +>>>>>>
   /auth/second-step/                                   ?>>>>>>
   /auth/check-mail/                                    +++++++
   /auth/confirm/                                       +++++++
   /auth/confirm/{token}/                               !!!!!!!
   /auth/forgot/                                        +++++++
   /auth/reset/{token}/                                 !!!!!!!
   /auth/email/old/{token}/                             !!!!!!!
   /auth/email/new/{token}/                             !!!!!!!
   /auth/deleted/                                       +++++++
   /new/                                                ?++++++
   /new/answers/                                        ?++++++
   /account/                                            ?++++++
   /account/contributions/                              ?++++++
   /account/profile/                                    ?++++++
   /account/language/                                   ?++++++
   /account/follow/                                     ?++++++
   /follow/stop/{token}/                                !!!!!!!
   /account/password/                                   ?++++++
   /account/data/                                       ?++++++
   /account/data.json                                   ?++++++
   /account/email/                                      ?++++++
   /account/second-step/                                ?++++++
   /account/second-step/codes/                          ?>>>>>+
   /account/second-step/off/                            ?>>>>>+
   /account/delete/                                     ?++++++
   /translate/                                          ?---+-+
   /admin/                                              ?-----+
   /admin/site/                                         ?-----+
   /admin/texts/                                        ?-----+
   /admin/pages/new/                                    ?-----+
   /admin/groups/new/{forum_id}/                        ?-----+
   /admin/groups/{group_id}/delete/                     ?-----+
   /admin/groups/{group_id}/close/                      ?-----+
   /admin/forums/                                       ?-----+
   /admin/forums/{forum_id}/publish/                    ?-----+
   /admin/forums/{forum_id}/close/                      ?-----+
   /admin/forums/{forum_id}/invitations/                ?-----+
   /admin/forums/{forum_id}/announcements/              ?-----+
   /admin/forums/{forum_id}/announcements/opening/      ?-----+
   /admin/forums/{forum_id}/announcements/{key}/        ?-----+
   /admin/forums/{forum_id}/announcements/opening/preview/ ?-----+
   /admin/forums/{forum_id}/participants/               ?-----+
   /admin/forums/{forum_id}/participants/{key}/withdraw/ ?-----+
   /admin/forums/{forum_id}/roles/{user}/moderator/end/ ?-----+
   /admin/forums/{forum_id}/periods/extension/          ?-----+
   /admin/forums/{forum_id}/periods/extension/preview/  ?-----+
   /admin/periods/{period}/edit/                        ?-----+
   /admin/periods/{period}/preview/                     ?-----+
   /admin/periods/{period}/delete/                      ?-----+
   /admin/people/                                       ?-----+
   /admin/people/choose/?q=alice&step=approve           ?----->
   /admin/people/{user}/                                ?-----+
   /admin/people/{user}/withhold/                       ?-----+
   /admin/people/{user}/approve/                        ?-----+
   /admin/people/{user}/data/                           ?-----+
   /admin/people/{user}/unlock/                         ?-----+
   /admin/mails/{mail}/                                 ?-----+
   /admin/mails/{mail}/again/                           ?-----+
   /admin/mails/{mail}/address/                         ?-----+
   /admin/mails/{mail}/confirm/                         ?-----+
   /admin/people/{user}/suspend/                        ?-----+
   /admin/people/{user}/reinstate/                      ?-----+
   /admin/people/{user}/delete/                         ?-----+
   /admin/log/                                          ?-----+
   /admin/log/{entry}/                                  ?-----+
   /admin/log/acts/{act_id}/                            ?-----+
   /admin/log.csv                                       ?-----+
"""
ADMIN = "?-----+"

# What a POST answers to a form that is filled in well: + it is done, = it was done already, - may not, 0 nothing is
# there, x not any more.
DONE = {"+": 302, "=": 302, "-": 403, "0": 404, "x": 409}

SENT_TO_A_FORUM = """
                                                public     draft      closed     archived   elsewhere
   /forums/{forum}/groups/{group}/new/          -++++++    -000+++    -xxxx++    -xxxxxx    -++++++
   /follow/forums/{forum_id}/                   -++++++    -000+++    -++++++    -++++++    -++++++
   /follow/groups/{group_id}/                   -++++++    -000+++    -++++++    -++++++    -++++++
   /follow/questions/{question}/                -++++++    -000+++    -++++++    -++++++    -++++++
   /moderation/summaries/forums/{forum_id}/     -----++    -000-++    -----++    -----++    ---+--+
   /moderation/summaries/groups/{group_id}/     -----++    -000-++    -----++    -----++    ---+--+
   /moderation/summaries/questions/{question}/  -----++    -000-++    -----++    -----++    ---+--+
   /moderation/follow-ups/forums/{forum_id}/    -----++    -000-++    -----++    -----++    ---+--+
   /moderation/follow-ups/questions/{question}/ -----++    -000-++    -----++    -----++    ---+--+
   /translate/groups/{group_id}/fr/             ----+-+    ----+-+    ----+-+    ----+-+    ------+
"""

SENT_TO_A_TOPIC = """
                                                public     first      draft      closed     archived   elsewhere
   /topics/{topic}/reply/                       -++++++    -0+00++    -000+++    -xxxx++    -xxxxxx    -++++++
   /follow/topics/{topic}/                      -++++++    -0+00++    -000+++    -++++++    -++++++    -++++++
   /moderation/topics/{topic}/pin/              -----++    -0-00++    -000-++    -----++    -----xx    ---+--+
   /moderation/topics/{topic}/unpin/            -----xx    -0-00xx    -000-xx    -----xx    -----xx    ---x--x
   /moderation/topics/{topic}/lock/             -----++    -0-00++    -000-++    -----++    -----xx    ---+--+
   /moderation/topics/{topic}/unlock/           -----xx    -0-00xx    -000-xx    -----xx    -----xx    ---x--x
   /moderation/topics/{topic}/retitle/          -----++    -0-00++    -000-++    -----++    -----xx    ---+--+
   /moderation/topics/{topic}/refile/           -----++    -0-00++    -000-++    -----++    -----xx    ---+--+
   /moderation/topics/{topic}/merge/            -----++    -0-00++    -000-++    -----++    -----xx    ---+--+
   /moderation/topics/{topic}/move/             -----++    -0-00xx    -000-++    -----++    -----xx    ---+--+
   /moderation/topics/{topic}/split/            -----++    -0-00xx    -000-++    -----++    -----xx    ---+--+
"""

SENT_TO_A_MESSAGE = """
                                                public     draft      closed     archived   elsewhere
   /messages/{number}/edit/                     --+----    -000---    --x----    --x----    --+----
   /messages/{number}/withdraw/                 --+----    -000---    --x----    --x----    --+----
   /messages/{number}/report/                   -x-++++    -000+++    -+-++++    -x-xxxx    -+-++++
   /topics/{topic}/reply/?to={number}           -++++++    -000+++    -xxxx++    -xxxxxx    -++++++
   /moderation/follow-ups/messages/{number}/    -----++    -000-++    -----++    -----++    ---+--+
   /moderation/messages/{number}/approve/       -----xx    -000-xx    -----xx    -----xx    ---x--x
   /moderation/approve/?of={number}             ---=-==    ---=-==    ---=-==    ---=-==    ---=-==
   /moderation/messages/{number}/return/        -----xx    -000-xx    -----xx    -----xx    ---x--x
   /moderation/messages/{number}/correct/       -----++    -000-++    -----++    -----++    ---+--+
   /moderation/messages/{number}/withhold/      -----++    -000-++    -----++    -----++    ---+--+
   /moderation/messages/{number}/restore/       -----xx    -000-xx    -----xx    -----xx    ---x--x
   /moderation/messages/{number}/settle/        -----++    -000-xx    -----xx    -----xx    ---x--x
"""

SENT_TO_A_HIDDEN_MESSAGE = """
                                                pending    first      returned   refused    withheld   withdrawn
   /messages/{number}/edit/                     -0+00--    -0+00--    -0+00--    -0x00--    --x----    --x----
   /messages/{number}/withdraw/                 -0+00--    -0+00--    -0+00--    -0x00--    --x----    --=----
   /messages/{number}/report/                   -0-00--    -0-00--    -0-00--    -0-00--    -------    -------
   /topics/{topic}/reply/?to={number}           -000000    -000000    -000000    -0x00xx    -xxxxxx    -xxxxxx
   /moderation/follow-ups/messages/{number}/    -0-0000    -0-0000    -0-0000    -0-0000    -----00    -----00
   /moderation/messages/{number}/approve/       -0-00++    -0-00++    -0-00++    -0-00xx    -----xx    -----xx
   /moderation/approve/?of={number}             ---=-++    ---=-++    ---=-++    ---=-==    ---=-==    ---=-==
   /moderation/messages/{number}/return/        -0-00++    -0-00++    -0-00++    -0-00xx    -----xx    -----xx
   /moderation/messages/{number}/correct/       -0-00++    -0-00++    -0-00++    -0-00xx    -----xx    -----xx
   /moderation/messages/{number}/withhold/      -0-00++    -0-00++    -0-00++    -0-00xx    -----xx    -----xx
   /moderation/messages/{number}/restore/       -0-00xx    -0-00xx    -0-00xx    -0-00++    -----++    -----xx
   /moderation/messages/{number}/settle/        -0-00xx    -0-00xx    -0-00xx    -0-00xx    -----++    -----xx
"""
